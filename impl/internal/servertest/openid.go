package servertest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/server"
)

// OpenID makes the server an OpenID provider that knows alice and bob.
func OpenID(c *server.Config) { c.Claims = people }

// Alice are the claims about alice.
const Alice = `{
	"name": "Alice Adams", "given_name": "Alice", "family_name": "Adams", "family_name#de": "Ädams", "family_name#ja-Kana-JP": "アダムズ",
	"preferred_username": "alice", "updated_at": 1790000000, "locale": "en-GB", "nickname": "", "website": null,
	"email": "alice@example.com", "email_verified": true, "phone_number": "+15550100", "phone_number_verified": false,
	"address": {"formatted": "1 High Street\nOxford", "country": "GB"}, "department": "Optics", "sub": "mallory"
}`

func people(_ context.Context, subject string) (json.RawMessage, error) {
	switch subject {
	case "alice":
		return json.RawMessage(Alice), nil
	case "bob":
		return nil, nil
	}
	return nil, server.ErrNoPerson
}

// IDToken verifies an ID Token for c as a relying party does, with the keys that
// the server publishes, and returns its claims.
func (s *Server) IDToken(c Client, token string) map[string]any {
	s.t.Helper()
	res := s.Get("/jwks", nil)
	set, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("jwks: %d %v", res.StatusCode, err)
	}
	keys, err := jose.ParseJWKSet(set)
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := jose.NewVerifier(jose.VerifierConfig{Keys: jose.StaticKeys(keys...), Issuer: s.Issuer(), Audience: c.ID, Typ: "JWT", Now: s.Clock.Now})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := v.Verify(context.Background(), token); err != nil {
		s.t.Fatalf("ID Token %s: %v", token, err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		s.t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		s.t.Fatal(err)
	}
	return claims
}
