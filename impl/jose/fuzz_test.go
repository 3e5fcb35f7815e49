package jose

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/charterauth/charter/impl/internal/proof"
)

// FuzzVerify is FUZZ-7: whatever Verify takes, golang-jwt's own parser takes
// with the same subject.
func FuzzVerify(f *testing.F) {
	proof.Of(f, "FUZZ-7")
	k := testKeys(f)[EdDSA]
	v := verifierFor(f, k)
	good, err := k.Sign("at+jwt", goodClaims())
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{good, rsaJWS, ecJWS, edJWS, "", "..", good + "="} {
		f.Add(s)
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(func() time.Time { return now }))
	f.Fuzz(func(t *testing.T, token string) {
		c, err := v.Verify(t.Context(), token)
		if err != nil {
			return
		}
		theirs, err := parser.Parse(token, func(*jwt.Token) (any, error) { return k.signer.Public(), nil })
		if err != nil {
			t.Fatalf("we take what golang-jwt refuses: %v", err)
		}
		if sub, _ := theirs.Claims.GetSubject(); sub != c.Subject {
			t.Errorf("subject %q, theirs %q", c.Subject, sub)
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
