package client

import (
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// TestSecrets is MAD-18 and CVE-2021-4294.
func TestSecrets(t *testing.T) {
	proof.Of(t, "MAD-18")
	const secret = "hunter2 \u00e9"
	imported, err := HashImported(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, hash := range map[string]string{"generated": HashGenerated(secret), "imported": imported} {
		if strings.Contains(hash, secret) {
			t.Errorf("%s: %s has the secret", name, hash)
		}
		for _, c := range []struct {
			secret string
			want   bool
		}{
			{secret, true}, {secret + " ", false}, {secret[:len(secret)-1], false}, {"Hunter2 \u00e9", false},
			{"", false}, {hash, false}, {secret + "\x00", false}, {strings.Repeat("a", 65536), false},
		} {
			if got := VerifySecret(hash, c.secret); got != c.want {
				t.Errorf("%s: %.20q: %v", name, c.secret, got)
			}
		}
	}
	first, again := HashGenerated("a"), HashGenerated("a")
	if first == HashGenerated("b") || first != again {
		t.Error("HashGenerated is not a function of the secret")
	}
	if again, _ := HashImported(secret); again == imported {
		t.Error("two imports have one salt")
	}
	if !strings.HasPrefix(imported, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("imported as %s", imported)
	}
}

// TestSecretLength: OKTA-2024, nothing is cut off; MAD-15, nothing long is hashed.
func TestSecretLength(t *testing.T) {
	proof.Of(t, "OKTA-2024", "MAD-15")
	longest := strings.Repeat("a", 1024)
	hash, err := HashImported(longest)
	if err != nil || !VerifySecret(hash, longest) || VerifySecret(hash, longest[:1023]) || VerifySecret(hash, longest[:72]) {
		t.Errorf("1024 bytes: %v", err)
	}
	if g := HashGenerated(longest); !VerifySecret(g, longest) || VerifySecret(g, longest[:1023]) {
		t.Error("1024 bytes, generated")
	}
	for _, bad := range []string{"", longest + "a"} {
		if _, err := HashImported(bad); err == nil {
			t.Errorf("%d bytes were imported", len(bad))
		}
		if VerifySecret(HashGenerated(bad), bad) {
			t.Errorf("%d bytes verify", len(bad))
		}
	}
}

// TestVerifySecretForms verifies one hash in forms that are wrong by one thing.
func TestVerifySecretForms(t *testing.T) {
	good, err := HashImported("secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, old, new string
		want           bool
	}{
		{"as it is", "", "", true},
		{"argon2i", "$argon2id$", "$argon2i$", false},
		{"version", "v=19", "v=16", false},
		{"no version", "v=19$", "", false},
		{"memory", "m=19456", "m=19457", false},
		{"too much memory", "m=19456", "m=4294967295", false},
		{"no memory", "m=19456,", "", false},
		{"no pass", "t=2", "t=0", false},
		{"too many passes", "t=2", "t=4294967295", false},
		{"no thread", "p=1", "p=0", false},
		{"too many threads", "p=1", "p=255", false},
		{"something after the costs", "p=1", "p=1,x=1", false},
		{"a number in another spelling", "p=1", "p=01", false},
		{"padding", "$argon2id$v=19$m=19456,t=2,p=1$", "$argon2id$v=19$m=19456,t=2,p=1$=", false},
		{"no salt", good[strings.Index(good, "p=1$")+4 : strings.LastIndex(good, "$")], "", false},
		{"short salt", good[strings.Index(good, "p=1$")+4 : strings.LastIndex(good, "$")], "AAAAAAAA", false},
		{"no hash", good[strings.LastIndex(good, "$")+1:], "", false},
		{"short hash", good[strings.LastIndex(good, "$")+1:][20:], "", false},
		{"one more part", "$argon2id", "$x$argon2id", false},
		{"generated", good, "sha256:", false},
		{"plain text", good, "secret", false},
		{"empty", good, "", false},
	} {
		hash := strings.Replace(good, c.old, c.new, 1)
		if got := VerifySecret(hash, "secret"); got != c.want {
			t.Errorf("%s: %v for %s", c.name, got, hash)
		}
		// A malformed hash is refused before it costs anything; one with another
		// cost is only another hash.
		if _, err := parseArgon2id(hash); (err == nil) != (c.want || c.name == "memory") {
			t.Errorf("%s: %v for %s", c.name, err, hash)
		}
	}
}

// TestArgon2idVector verifies a hash that another program made: test.c of the
// reference implementation of argon2.
func TestArgon2idVector(t *testing.T) {
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if !VerifySecret(hash, "password") || VerifySecret(hash, "passwore") {
		t.Error("the vector does not verify")
	}
}
