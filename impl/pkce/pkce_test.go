package pkce

import (
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// The vector of RFC 7636 Appendix B.
const (
	vectorVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	vectorChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func TestVector(t *testing.T) {
	if got := Challenge(vectorVerifier); got != vectorChallenge {
		t.Errorf("Challenge = %q", got)
	}
	if !Verify(vectorChallenge, S256, vectorVerifier) {
		t.Error("the vector does not verify")
	}
}

func TestVerify(t *testing.T) {
	proof.Of(t, "ATK-20", "ATK-21", "ATK-22", "ATK-25", "ATK-26", "MAD-27", "CVE-2026-26247")
	long := strings.Repeat("aZ09-._~", 16)
	for _, c := range []struct {
		name, challenge, method, verifier string
		want                              bool
	}{
		{"good", vectorChallenge, "S256", vectorVerifier, true},
		{"128 characters, every class", Challenge(long), "S256", long, true},
		{"ATK-20 challenge stripped", "", "S256", vectorVerifier, false},
		{"ATK-21 code without challenge and method", "", "", vectorVerifier, false},
		{"ATK-22 verifier missing", vectorChallenge, "S256", "", false},
		{"ATK-22 both missing", "", "S256", "", false},
		{"ATK-25 other verifier", vectorChallenge, "S256", strings.Repeat("a", 43), false},
		{"ATK-25 last byte differs", vectorChallenge, "S256", vectorVerifier[:42] + "l", false},
		{"ATK-26 challenge as verifier", vectorChallenge, "S256", vectorChallenge, false},
		{"ATK-26 plain", vectorVerifier, "plain", vectorVerifier, false},
		{"MAD-27 s256", vectorChallenge, "s256", vectorVerifier, false},
		{"MAD-27 S512", vectorChallenge, "S512", vectorVerifier, false},
		{"MAD-27 leading space", vectorChallenge, " S256", vectorVerifier, false},
		{"MAD-27 trailing newline", vectorChallenge, "S256\n", vectorVerifier, false},
		{"CVE-2026-26247 challenge without method", vectorChallenge, "", vectorVerifier, false},
		{"challenge of a short verifier", Challenge("short"), "S256", "short", false},
		{"challenge of an empty verifier", Challenge(""), "S256", "", false},
	} {
		if got := Verify(c.challenge, c.method, c.verifier); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestValidVerifier is ATK-23.
func TestValidVerifier(t *testing.T) {
	proof.Of(t, "ATK-23")
	a := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct {
		name, in string
		want     bool
	}{
		{"43", a(43), true},
		{"128", a(128), true},
		{"unreserved", "ABCXYZabcxyz0189-._~" + a(30), true},
		{"empty", "", false},
		{"42", a(42), false},
		{"129", a(129), false},
		{"space", a(42) + " ", false},
		{"percent", a(42) + "%", false},
		{"plus", a(42) + "+", false},
		{"slash", a(42) + "/", false},
		{"padding", a(42) + "=", false},
		{"UTF-8", a(42) + "é", false},
		{"invalid UTF-8", a(42) + "\xff", false},
		{"nul", a(42) + "\x00", false},
		{"newline", a(43) + "\n", false},
	} {
		if got := ValidVerifier(c.in); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestValidChallenge is ATK-24.
func TestValidChallenge(t *testing.T) {
	proof.Of(t, "ATK-24")
	for _, c := range []struct {
		name, in string
		want     bool
	}{
		{"vector", vectorChallenge, true},
		{"all zero", strings.Repeat("A", 43), true},
		{"empty", "", false},
		{"42", vectorChallenge[:42], false},
		{"44", vectorChallenge + "A", false},
		{"padded", vectorChallenge + "=", false},
		{"padded within 43", vectorChallenge[:42] + "=", false},
		{"standard base64", strings.Replace(vectorChallenge, "-", "+", 1), false},
		{"standard base64 slash", "/" + vectorChallenge[1:], false},
		{"bits after the last byte", vectorChallenge[:42] + "N", false},
		{"hexadecimal", "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3", false},
		{"space", " " + vectorChallenge[:42], false},
		{"newline", vectorChallenge[:42] + "\n", false},
		{"newline inside", vectorChallenge[:20] + "\n" + vectorChallenge[21:], false},
		{"newline after 31 bytes", strings.Repeat("A", 42) + "\n", false},
		{"newline within 31 bytes", "A\n" + strings.Repeat("A", 41), false},
		{"nul", vectorChallenge[:42] + "\x00", false},
		{"UTF-8", vectorChallenge[:41] + "é", false},
	} {
		if got := ValidChallenge(c.in); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
