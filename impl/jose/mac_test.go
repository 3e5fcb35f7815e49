package jose

import (
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

func maced(t *testing.T, secret []byte, header string) string {
	t.Helper()
	input := encoding.EncodeToString([]byte(header)) + "." + encoding.EncodeToString([]byte(body(t, nil)))
	mac, err := jwt.SigningMethodHS256.Sign(input, secret)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + encoding.EncodeToString(mac)
}

// A Verifier of secrets takes HS256 under one of them, and nothing else.
func TestSecrets(t *testing.T) {
	secret, next, other := []byte(strings.Repeat("a", 32)), []byte(strings.Repeat("b", 32)), []byte(strings.Repeat("c", 32))
	key, err := Generate(ES256)
	if err != nil {
		t.Fatal(err)
	}
	c := config()
	c.Keys, c.Secrets = nil, [][]byte{secret, next}
	v, err := NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	const header = `{"alg":"HS256","typ":"at+jwt"}`
	for _, s := range c.Secrets {
		if claims, err := v.Verify(t.Context(), maced(t, s, header)); err != nil || claims.Algorithm != "HS256" || claims.KeyID != "" {
			t.Errorf("%+v, %v", claims, err)
		}
	}
	invalid(t, v, "another secret", maced(t, other, header), "signature")
	invalid(t, v, "a key", forge(t, key, head(key), body(t, nil)), "algorithm")
	invalid(t, v, "HS512", maced(t, secret, `{"alg":"HS512","typ":"at+jwt"}`), "algorithm")
	invalid(t, verifierFor(t, key), "a secret where there are keys", maced(t, secret, `{"alg":"HS256","kid":"`+key.public.kid+`","typ":"at+jwt"}`), "algorithm")

	for name, change := range map[string]func(*VerifierConfig){
		"short secret":      func(c *VerifierConfig) { c.Secrets = [][]byte{secret, secret[:31]} },
		"keys and secrets":  func(c *VerifierConfig) { c.Keys = StaticKeys(key.Public()) },
		"neither":           func(c *VerifierConfig) { c.Secrets = nil },
		"algorithms of key": func(c *VerifierConfig) { c.Algorithms = []Algorithm{ES256} },
		"OtherTyp":          func(c *VerifierConfig) { c.OtherTyp = "a b" },
	} {
		bad := c
		change(&bad)
		if _, err := NewVerifier(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestOtherTyp(t *testing.T) {
	key, err := Generate(ES256)
	if err != nil {
		t.Fatal(err)
	}
	c := config(key)
	c.Typ, c.OtherTyp = "JWT", "client-authentication+jwt"
	v, err := NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	typed := func(typ string) string {
		return forge(t, key, `{"alg":"ES256","kid":"`+key.public.kid+`"`+typ+`}`, body(t, nil))
	}
	for _, typ := range []string{``, `,"typ":"jwt"`, `,"typ":"application/client-authentication+JWT"`} {
		if _, err := v.Verify(t.Context(), typed(typ)); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
	}
	invalid(t, v, "another", typed(`,"typ":"at+jwt"`), "typ")
	invalid(t, verifierFor(t, key), "no other", typed(`,"typ":"application/"`), "typ")
}

// A key is for another algorithm than the usual one only where its JWK says none.
func TestFor(t *testing.T) {
	key, err := Generate(RS256)
	if err != nil {
		t.Fatal(err)
	}
	named, err := key.Public().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for document, want := range map[string]Algorithm{
		string(named): RS256,
		strings.Replace(string(named), `"alg":"RS256",`, "", 1): PS256,
	} {
		k, err := ParseJWK([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		if got := k.For(PS256).Algorithm(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got := k.For(ES256).Algorithm(); got != RS256 {
			t.Errorf("an RSA key for ES256: %s", got)
		}
		if got := k.For("").Algorithm(); got != RS256 {
			t.Errorf("for nothing: %s", got)
		}
	}
}

// Unverified reads what Verify would, and vouches for nothing.
func TestUnverified(t *testing.T) {
	key, err := Generate(ES256)
	if err != nil {
		t.Fatal(err)
	}
	token := forge(t, key, head(key), body(t, map[string]any{"sub": "mallory"}))
	if c, ok := Unverified(token); !ok || c.Subject != "mallory" {
		t.Errorf("%+v, %v", c, ok)
	}
	other := forge(t, key, `{"alg":"ES256","typ":"at+jwt","jwk":{}}`, body(t, nil)) // a header that no Verifier reads
	for _, bad := range []string{"", "a.b", "a.b.c", token + "=", token + ".AA", other, strings.Repeat(".", MaxToken+1)} {
		if _, ok := Unverified(bad); ok {
			t.Errorf("%.20q is taken", bad)
		}
	}
}
