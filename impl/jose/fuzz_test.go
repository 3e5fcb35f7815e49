package jose

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/charterauth/charter/impl/internal/proof"
)

// fuzzKey is the key of RFC 8037 A.1. The processes that fuzz share no memory:
// with a key of its own each would refuse the seeds of the others.
func fuzzKey(t testing.TB) *Key {
	t.Helper()
	seed, err := encoding.DecodeString(edSeed)
	if err != nil {
		t.Fatal(err)
	}
	k, err := NewKey(EdDSA, ed25519.NewKeyFromSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// golangJWT is the other reader: what it refuses, ours must refuse.
func golangJWT(k *Key, token string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(func() time.Time { return now })).
		ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return k.signer.Public(), nil })
	return claims, err
}

// FuzzVerify is FUZZ-7: whatever Verify takes, golang-jwt's own parser takes
// with the same subject, and it is a text that this key has signed: nobody makes
// a second text of a token.
func FuzzVerify(f *testing.F) {
	k := fuzzKey(f)
	v := verifierFor(f, k)
	good, err := k.Sign("at+jwt", goodClaims())
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{good, rsaJWS, ecJWS, edJWS, "", "..", good + "=", good + ".", strings.ToUpper(good)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		c, err := v.Verify(t.Context(), token)
		if err != nil {
			return
		}
		theirs, err := golangJWT(k, token)
		if err != nil {
			t.Fatalf("we take what golang-jwt refuses: %v", err)
		}
		if sub, _ := theirs.GetSubject(); sub != c.Subject {
			t.Errorf("subject %q, theirs %q", c.Subject, sub)
		}
		if token != good {
			t.Errorf("ours alone was signed, and %q verifies", token)
		}
	})
}

// FuzzVerifySigned is FUZZ-7 for who has a key, as a client of private_key_jwt
// or another issuer: any header, any payload, well signed. What is taken has one
// meaning: golang-jwt and encoding/json read the same claims.
func FuzzVerifySigned(f *testing.F) {
	k := fuzzKey(f)
	v := verifierFor(f, k)
	plain := body(f, nil)
	for _, header := range []string{head(k), `{"alg":"EdDSA"}`, `{"alg":"none"}`, `{"alg":"EdDSA","typ":"AT+JWT","kid":""}`,
		`{"alg":"EdDSA","alg":"none","typ":"at+jwt"}`, `{"alg":"EdDSA","crit":["b64"],"b64":false,"typ":"at+jwt"}`} {
		f.Add(header, plain)
	}
	for _, payload := range []string{`{}`, `[]`, strings.Replace(plain, `"iss"`, `"iss":"https://other.example","Iss"`, 1),
		strings.Replace(plain, `"aud"`, `"aud":["a","a"],"AUD"`, 1), body(f, map[string]any{"exp": 1e99}), body(f, map[string]any{"exp": "1"}),
		body(f, map[string]any{"aud": []string{audience}}), body(f, map[string]any{"nbf": -1}), body(f, map[string]any{"sub": map[string]any{}})} {
		f.Add(head(k), payload)
	}
	f.Fuzz(func(t *testing.T, header, payload string) {
		token := forge(t, k, header, payload)
		c, err := v.Verify(t.Context(), token)
		if err != nil {
			return
		}
		if _, err := golangJWT(k, token); err != nil {
			t.Fatalf("%s %s: we take what golang-jwt refuses: %v", header, payload, err)
		}
		var theirs map[string]json.RawMessage
		if err := json.Unmarshal([]byte(payload), &theirs); err != nil || len(theirs) != len(c.members) {
			t.Fatalf("%s: %d members, encoding/json has %d, %v", payload, len(c.members), len(theirs), err)
		}
		var subject string
		if json.Unmarshal(theirs["sub"], &subject); subject != c.Subject || c.Issuer != issuer || !slices.Contains(c.Audience, audience) || !c.ExpiresAt.After(now) {
			t.Errorf("%s reads as %+v", payload, c)
		}
	})
}

// FuzzStrictObject: what is taken, encoding/json reads with the same members and
// values; taken again it is the same.
func FuzzStrictObject(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1}`, `{"a":{"b":[1,{"c":null}]}}`, `{"a":1,"A":2}`, `[]`, `{"a":1}x`, "{\"\u017f\":1}",
		` { "a\u0062\"\\" : [ true , "\"}" ] , "c" : -1e5 } `, `{"":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := strictObject(b)
		if err != nil {
			return
		}
		var theirs map[string]json.RawMessage
		if err := json.Unmarshal(b, &theirs); err != nil || !maps.EqualFunc(m, theirs, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			t.Fatalf("%q: ours %q, theirs %q, %v", b, m, theirs, err)
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if m2, err := strictObject(again); err != nil || len(m2) != len(m) {
			t.Fatalf("%q becomes %q: %v", b, again, err)
		}
	})
}

// FuzzJWKSet is FUZZ-8: what is taken is published again as the same keys.
func FuzzJWKSet(f *testing.F) {
	proof.Of(f, "FUZZ-7")
	f.Add([]byte(`{"keys":[` + rsaJWK + `,` + ecJWK + `,` + edJWK + `]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := ParseJWKSet(b)
		if err != nil {
			return
		}
		out, err := json.Marshal(map[string]any{"keys": keys})
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseJWKSet(out)
		if err != nil || len(again) != len(keys) {
			t.Fatalf("%q becomes %q: %v", b, out, err)
		}
		for i := range keys {
			if keys[i].Thumbprint() != again[i].Thumbprint() || keys[i].Algorithm() != again[i].Algorithm() {
				t.Errorf("%q: key %d changed", b, i)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, alg := range algorithms {
		k := testKeys(b)[alg]
		v := verifierFor(b, k)
		token, err := k.Sign("at+jwt", goodClaims())
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
