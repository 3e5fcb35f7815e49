package jose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

func TestVerifierOptions(t *testing.T) {
	k := testKeys(t)[EdDSA]
	at := now.Unix()
	for _, c := range []struct {
		name   string
		set    func(*VerifierConfig)
		header string
		claims map[string]any
		ok     bool
	}{
		{"leeway saves", func(c *VerifierConfig) { c.Leeway = time.Minute }, head(k), map[string]any{"exp": at - 59}, true},
		{"leeway ends", func(c *VerifierConfig) { c.Leeway = time.Minute }, head(k), map[string]any{"exp": at - 60}, false},
		{"leeway for nbf", func(c *VerifierConfig) { c.Leeway = time.Minute }, head(k), map[string]any{"nbf": at + 60}, true},
		{"leeway for nbf ends", func(c *VerifierConfig) { c.Leeway = time.Minute }, head(k), map[string]any{"nbf": at + 61}, false},
		{"lifetime", func(c *VerifierConfig) { c.MaxLifetime = time.Hour }, head(k), map[string]any{"exp": at + 3600}, true},
		{"lifetime from now", func(c *VerifierConfig) { c.MaxLifetime = time.Hour }, head(k), map[string]any{"exp": at + 3601, "iat": at + 30}, false},
		{"lifetime without iat", func(c *VerifierConfig) { c.MaxLifetime = time.Hour }, head(k), map[string]any{"exp": at + 3601, "iat": nil}, false},
		{"lifetime without iat, short", func(c *VerifierConfig) { c.MaxLifetime = time.Hour }, head(k), map[string]any{"exp": at + 3600, "iat": nil}, true},
		{"lifetime from iat", func(c *VerifierConfig) { c.MaxLifetime = time.Hour }, head(k), map[string]any{"exp": at + 3600, "iat": at - 1}, false},
		{"several audiences", func(c *VerifierConfig) { c.MultipleAudiences = true }, head(k), map[string]any{"aud": []string{"https://x.example", audience}}, true},
		{"several, none ours", func(c *VerifierConfig) { c.MultipleAudiences = true }, head(k), map[string]any{"aud": []string{"https://x.example", "https://y.example"}}, false},
		{"JWT without typ", func(c *VerifierConfig) { c.Typ = "JWT" }, `{"alg":"EdDSA"}`, nil, true},
		{"JWT with typ", func(c *VerifierConfig) { c.Typ = "JWT" }, `{"alg":"EdDSA","typ":"jwt"}`, nil, true},
		{"JWT is not at+jwt", func(c *VerifierConfig) { c.Typ = "JWT" }, head(k), nil, false},
	} {
		conf := config(k)
		c.set(&conf)
		v, err := NewVerifier(conf)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(t.Context(), forge(t, k, c.header, body(t, c.claims))); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Without a clock the time is that of the machine.
func TestVerifierClock(t *testing.T) {
	k := testKeys(t)[EdDSA]
	conf := config(k)
	conf.Now = nil
	v, err := NewVerifier(conf)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Unix()
	for exp, ok := range map[int64]bool{at + 3600: true, at - 1: false} {
		if _, err := v.Verify(t.Context(), forge(t, k, head(k), body(t, map[string]any{"iat": at - 10, "exp": exp}))); (err == nil) != ok {
			t.Errorf("exp %d at %d: %v", exp, at, err)
		}
	}
}

// TestVerifierConfig is CVE-2026-22748: an empty check is a constructor error.
func TestVerifierConfig(t *testing.T) {
	proof.Of(t, "RFC8725-3.1-1", "RFC7518-3.6-2")
	proof.Of(t, "CVE-2026-22748")
	proof.Of(t, "JWTLIB-1")
	if _, err := NewVerifier(config(testKeys(t)[ES256])); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		set  func(*VerifierConfig)
	}{
		{"Keys", func(c *VerifierConfig) { c.Keys = nil }},
		{"Issuer", func(c *VerifierConfig) { c.Issuer = "" }},
		{"Audience", func(c *VerifierConfig) { c.Audience = "" }},
		{"Typ", func(c *VerifierConfig) { c.Typ = "" }},
		{"Leeway", func(c *VerifierConfig) { c.Leeway = -1 }},
		{"Leeway", func(c *VerifierConfig) { c.Leeway = time.Hour }},
		{"MaxLifetime", func(c *VerifierConfig) { c.MaxLifetime = -1 }},
		{"Algorithms", func(c *VerifierConfig) { c.Algorithms = []Algorithm{} }},
		{"unknown algorithm", func(c *VerifierConfig) { c.Algorithms = []Algorithm{"HS256"} }},
		{"unknown algorithm", func(c *VerifierConfig) { c.Algorithms = []Algorithm{"none"} }},
	} {
		conf := config(testKeys(t)[ES256])
		c.set(&conf)
		if v, err := NewVerifier(conf); err == nil || v != nil || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	_, err := NewVerifier(VerifierConfig{})
	for _, name := range []string{"Keys", "Issuer", "Audience", "Typ"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the zero config does not report %s: %v", name, err)
		}
	}
}

// TestKeys: a key that is not there makes a token invalid, a key store that
// fails does not; a zero key verifies nothing.
func TestKeys(t *testing.T) {
	k := testKeys(t)[ES256]
	token := forge(t, k, head(k), body(t, nil))
	down := errors.New("down")
	for _, c := range []struct {
		name string
		key  PublicKey
		err  error
		want error
	}{
		{"there", k.Public(), nil, nil},
		{"unknown", PublicKey{}, fmt.Errorf("x: %w", ErrUnknownKey), ErrInvalid},
		{"zero key", PublicKey{}, nil, ErrInvalid},
		{"store down", PublicKey{}, down, down},
	} {
		conf := config(k)
		conf.Keys = func(context.Context, string) (PublicKey, error) { return c.key, c.err }
		v, err := NewVerifier(conf)
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(t.Context(), token)
		if !errors.Is(err, c.want) || c.want == down && errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := StaticKeys(k.Public(), testKeys(t)[EdDSA].Public())(t.Context(), ""); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a token without key id got one of two keys: %v", err)
	}
}
