package jose

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

const (
	issuer   = "https://as.example"
	audience = "https://api.example"
)

var now = time.Unix(1_800_000_000, 0)

func goodClaims() map[string]any {
	return map[string]any{"iss": issuer, "sub": "alice", "aud": audience, "exp": now.Unix() + 300,
		"iat": now.Unix(), "jti": "j1", "client_id": "c1", "scope": "read"}
}

func config(keys ...*Key) VerifierConfig {
	var public []PublicKey
	for _, k := range keys {
		public = append(public, k.Public())
	}
	return VerifierConfig{Keys: StaticKeys(public...), Issuer: issuer, Audience: audience, Typ: "at+jwt",
		Now: func() time.Time { return now }}
}

func verifierFor(t testing.TB, keys ...*Key) *Verifier {
	t.Helper()
	v, err := NewVerifier(config(keys...))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// forge signs any header and payload: what Sign would refuse.
func forge(t testing.TB, k *Key, header, payload string) string {
	t.Helper()
	input := encoding.EncodeToString([]byte(header)) + "." + encoding.EncodeToString([]byte(payload))
	signature, err := k.signature([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + encoding.EncodeToString(signature)
}

func head(k *Key) string {
	return fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"at+jwt"}`, k.public.alg, k.public.kid)
}

func body(t testing.TB, change map[string]any) string {
	t.Helper()
	c := goodClaims()
	for name, v := range change {
		if v == nil {
			delete(c, name)
		} else {
			c[name] = v
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// invalid fails unless token is refused as invalid, with a reason.
func invalid(t *testing.T, v *Verifier, name, token, reason string) {
	t.Helper()
	c, err := v.Verify(t.Context(), token)
	var e *InvalidError
	if c != nil || !errors.Is(err, ErrInvalid) || !errors.As(err, &e) {
		t.Errorf("%s: %+v, %v", name, c, err)
	} else if reason != "" && e.Reason != reason {
		t.Errorf("%s: refused for %s, want %s", name, e.Reason, reason)
	}
}

func TestVerifyGood(t *testing.T) {
	for alg, k := range testKeys(t) {
		token, err := k.Sign("at+jwt", goodClaims())
		if err != nil {
			t.Fatal(err)
		}
		c, err := verifierFor(t, k).Verify(t.Context(), token)
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		if c.Issuer != issuer || c.Subject != "alice" || len(c.Audience) != 1 || c.Audience[0] != audience || c.ID != "j1" ||
			!c.ExpiresAt.Equal(now.Add(300*time.Second)) || !c.IssuedAt.Equal(now) || !c.NotBefore.IsZero() ||
			c.KeyID != k.Public().ID() || c.Algorithm != alg {
			t.Errorf("%s: %+v", alg, c)
		}
		var scope, absent string
		if err := c.Get("scope", &scope); err != nil || scope != "read" || !c.Has("scope") {
			t.Errorf("scope %q, %v", scope, err)
		}
		if err := c.Get("Scope", &absent); err != nil || absent != "" || c.Has("Scope") {
			t.Errorf("Scope %q, %v", absent, err)
		}
		var number int
		if err := c.Get("scope", &number); !errors.Is(err, ErrInvalid) {
			t.Errorf("scope as a number: %v", err)
		}
	}
}

// TestFormAttacks is ATK-87 and ATK-89.
func TestFormAttacks(t *testing.T) {
	proof.Of(t, "RFC8725-3.3-1", "RFC7515-4.1.11-3", "RFC7515-5.2-1", "RFC7519-7.2-1")
	proof.Of(t, "ATK-87", "ATK-89")
	proof.Of(t, "CVE-2016-9121")
	k := testKeys(t)[ES256]
	v := verifierFor(t, k)
	token := forge(t, k, head(k), body(t, nil))
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	part := strings.Split(token, ".")
	for _, c := range []struct{ name, token string }{
		{"empty", ""},
		{"one segment", part[0]},
		{"two segments", part[0] + "." + part[1]},
		{"no signature", part[0] + "." + part[1] + "."},
		{"no payload", part[0] + ".." + part[2]},
		{"no header", "." + part[1] + "." + part[2]},
		{"four segments", token + ".AA"},
		{"empty fourth segment", token + "."},
		{"five segments, as JWE", token + ".AA.AA"},
		{"six segments", token + ".AA.AA.AA"},
		{"JSON serialization", `{"protected":"` + part[0] + `","payload":"` + part[1] + `","signature":"` + part[2] + `"}`},
		{"padding", token + "="},
		{"padding inside", part[0] + "=." + part[1] + "." + part[2]},
		{"leading space", " " + token},
		{"trailing newline", token + "\n"},
		{"newline inside", token[:20] + "\n" + token[20:]},
		{"carriage return inside", token[:20] + "\r" + token[20:]},
		{"nul", token + "\x00"},
		{"standard base64", strings.NewReplacer("-", "+", "_", "/").Replace(token) + "+"},
		{"Bearer prefix", "Bearer " + token},
		{"10 MiB of dots", strings.Repeat(".", 10<<20)},
		{"10 MiB", strings.Repeat("a", 10<<20)},
		{"10 MiB of payload", part[0] + "." + strings.Repeat("a", 10<<20) + "." + part[2]},
	} {
		// What it allocates tells how much of it was read, on a busy machine too.
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		invalid(t, v, c.name, c.token, "")
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 16<<10 {
			t.Errorf("%s took %d bytes", c.name, n)
		}
	}
	invalid(t, v, "no signature", part[0]+"."+part[1]+".", "base64") // before any key is asked for
	for i, c := range []byte(token) {
		for _, o := range []byte("AQgw_z.") {
			if o != c {
				invalid(t, v, fmt.Sprintf("character %d", i), token[:i]+string(o)+token[i+1:], "")
			}
		}
	}
}

// TestTokenCap: 8 KiB pass and one byte more does not, with a good signature.
func TestTokenCap(t *testing.T) {
	k := testKeys(t)[EdDSA]
	v := verifierFor(t, k)
	fits, over := 0, 0
	for n := 5600; n < 6100; n++ {
		token := forge(t, k, head(k), body(t, map[string]any{"x": strings.Repeat("a", n)}))
		_, err := v.Verify(t.Context(), token)
		if (err == nil) != (len(token) <= MaxToken) {
			t.Fatalf("%d bytes: %v", len(token), err)
		}
		if err == nil {
			fits++
		} else {
			over++
		}
	}
	if fits == 0 || over == 0 {
		t.Errorf("%d fit, %d do not", fits, over)
	}
}

// TestBadSignatureAndExpired is CVE-2024-51744: one error, decided by the
// signature.
func TestBadSignatureAndExpired(t *testing.T) {
	proof.Of(t, "CVE-2024-51744")
	k := testKeys(t)[EdDSA]
	other, err := Generate(EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	v := verifierFor(t, k)
	expired := body(t, map[string]any{"exp": now.Unix() - 1})
	invalid(t, v, "expired", forge(t, k, head(k), expired), "expired")
	invalid(t, v, "expired and forged", forge(t, other, head(k), expired), "signature")
}
