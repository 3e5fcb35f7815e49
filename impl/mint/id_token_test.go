package mint

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/seal"
)

// withIDToken is an issuance whose ID Token is what was signed, in clear.
func withIDToken(change func(*IDToken)) Issuance {
	i := issuance()
	i.IDToken = &IDToken{
		Issuer: i.Issuer, Subject: "alice", ClientID: "client-1", IssuedAt: at, ExpiresAt: at.Add(time.Hour), Algorithm: jose.ES256,
		Sign: func(_ context.Context, typ string, claims any) (string, error) {
			b, err := json.Marshal(claims)
			return typ + " " + string(b), err
		},
	}
	change(i.IDToken)
	return i
}

// An ID Token tells what it is given and nothing else (OpenID Connect Core §2).
func TestIDToken(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*IDToken)
		want   map[string]any
	}{
		"least": {func(*IDToken) {}, map[string]any{}},
		"all": {func(t *IDToken) {
			t.AuthTime, t.Nonce, t.ACR, t.AMR, t.SessionID = at.Add(-time.Minute), "n", "urn:a", []string{"pwd"}, "s1"
			t.Claims = map[string]json.RawMessage{"email": json.RawMessage(`"a@example.com"`), "a\"b": json.RawMessage(`1`)}
		}, map[string]any{"auth_time": float64(at.Unix() - 60), "nonce": "n", "acr": "urn:a", "amr": []any{"pwd"}, "sid": "s1", "email": "a@example.com", "a\"b": float64(1)}},
	} {
		got, err := Mint(context.Background(), withIDToken(c.change))
		if err != nil {
			t.Fatal(err)
		}
		document, ok := strings.CutPrefix(got.IDToken, "JWT ")
		var claims map[string]any
		if err := json.Unmarshal([]byte(document), &claims); err != nil || !ok {
			t.Fatalf("%s: %s, %v", name, got.IDToken, err)
		}
		for member, value := range map[string]any{
			"iss": "https://auth.example.com", "sub": "alice", "aud": "client-1", "iat": float64(at.Unix()), "exp": float64(at.Unix() + 3600),
			"at_hash": halfHash(jose.ES256, got.AccessToken),
		} {
			c.want[member] = value
		}
		if d := cmp.Diff(c.want, claims); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// at_hash as OpenID Connect Core Appendix A.3 and A.6 have it, and by the hash of
// Ed25519 (RFC 8032 §5.1).
func TestHalfHash(t *testing.T) {
	const token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
	for _, alg := range []jose.Algorithm{jose.RS256, jose.PS256, jose.ES256} {
		if got := halfHash(alg, token); got != "77QmUPtjPfzWtF2AnpK9RQ" {
			t.Errorf("%s: %s", alg, got)
		}
	}
	if got := halfHash(jose.EdDSA, token); len(got) != 43 || strings.HasPrefix(got, "77Qm") {
		t.Errorf("EdDSA: %s", got)
	}
}

// No account says what only the server may, and a failed signature mints nothing.
func TestClaimsOfTheProtocol(t *testing.T) {
	for _, name := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "s_hash", "sid", "events", "client_id", "scope"} {
		i := withIDToken(func(t *IDToken) {
			t.Claims = map[string]json.RawMessage{"email": json.RawMessage(`"a"`), name: json.RawMessage(`"mallory"`)}
		})
		if got, err := Mint(context.Background(), i); err == nil || got.IDToken != "" || got.AccessToken != "" {
			t.Errorf("%s: %q, %v", name, got.IDToken, err)
		}
		u := UserInfo{Claims: map[string]json.RawMessage{name: json.RawMessage(`"mallory"`)}, Sign: i.IDToken.Sign}
		if got, err := u.Mint(context.Background()); err == nil {
			t.Errorf("UserInfo with %s: %q", name, got)
		}
	}
	if ProtocolClaim("email") || ProtocolClaim("ISS") {
		t.Error("what is a person's is the protocol's")
	}
	down := errors.New("down")
	got, err := Mint(context.Background(), withIDToken(func(t *IDToken) {
		t.Sign = func(context.Context, string, any) (string, error) { return "", down }
	}))
	if !errors.Is(err, down) || got.AccessToken != "" || got.Records != nil {
		t.Errorf("minted %+v, %v", got, err)
	}
}

// A row of another token, and a text that is no reply of ours, are errors where
// they are first read.
func TestForeignRows(t *testing.T) {
	proof.Of(t, "ATK-61")
	i := issueWithGrantProps()
	first, err := Mint(context.Background(), i)
	if err != nil {
		t.Fatal(err)
	}
	row := first.Records[1]
	row.WrappedKey = first.Records[0].WrappedKey
	if p, err := PresentedProps(first.RefreshToken, row); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("the key of another row: %+v, %v", p, err)
	}
	if row.Reply, err = seal.SealReply(first.RefreshToken, tokenIdentity(row.Kind, row.GrantID, row.Digest), []byte(`{"access_token":`)); err != nil {
		t.Fatal(err)
	}
	if r, err := OpenReply(first.RefreshToken, row); err == nil || errors.Is(err, seal.ErrOpen) {
		t.Errorf("a reply that was cut before it was sealed: %+v, %v", r, err)
	}
	if sealed, err := (Reply{ExpiresAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}).Seal(first.RefreshToken, row); err == nil {
		t.Errorf("a reply that cannot be read back was sealed: %x", sealed)
	}

	// A grant's props are those of the tokens that carry them, and no others.
	if plain, err := (Props{}).Open(i.Grant); err != nil || plain != nil {
		t.Errorf("a token without props opens %q, %v", plain, err)
	}
	p, err := PresentedProps(first.RefreshToken, first.Records[1])
	if err != nil {
		t.Fatal(err)
	}
	bare := i.Grant
	bare.Props = nil
	if plain, err := p.Open(bare); err != nil || plain != nil {
		t.Errorf("a grant without props opens to %q, %v", plain, err)
	}
}

// A JWT tells the subject that its client knows the person by, and the grant's
// where there is no other.
func TestSubjectOfAccessToken(t *testing.T) {
	for subject, want := range map[string]string{"": `"sub":"alice"`, "pairwise": `"sub":"pairwise"`} {
		i := issuance()
		i.Subject = subject
		i.Sign = func(_ context.Context, _ string, claims any) (string, error) {
			b, err := json.Marshal(claims)
			return string(b), err
		}
		if got, err := Mint(context.Background(), i); err != nil || !strings.Contains(got.AccessToken, want) {
			t.Errorf("%q: %s, %v", subject, got.AccessToken, err)
		}
	}
}
