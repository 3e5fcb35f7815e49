package attacks_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// What the program tells of a person cannot stand for what the server answers
// for, in any letter case that some reader folds.
func TestClaimsOfTheServer(t *testing.T) {
	proof.Of(t, "CVE-2024-29892")
	hook := map[string]any{"name": "Alice", "department": "Optics"}
	for _, claim := range []string{
		"sub", "iss", "aud", "exp", "nbf", "iat", "jti", "azp", "nonce", "acr", "amr", "auth_time", "at_hash", "c_hash", "sid",
		"client_id", "scope", "cnf", "act", "may_act", "events", "active", "token_type", "username",
	} {
		hook[claim] = "forged"
		hook[strings.ToUpper(claim)] = "forged"
		hook[strings.ToUpper(claim[:1])+claim[1:]] = "forged"
		if strings.Contains(claim, "s") {
			hook[strings.ReplaceAll(claim, "s", "\u017f")] = "forged"
		}
	}
	document, err := json.Marshal(hook)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, memory.New(), func(c *server.Config) {
		c.Claims = func(context.Context, string) (json.RawMessage, error) { return document, nil }
	})
	code := w.complete(url.Values{"scope": {"openid profile read"}})
	tokens := w.Token(w.app, w.app.Exchange(code, nil))
	info := servertest.Decode(t, w.Get(gen.PathUserInfo, nil, servertest.Bearer(tokens.Access)), http.StatusOK)
	for what, claims := range map[string]map[string]any{"userinfo": info, "the ID Token": w.IDToken(w.app, tokens.ID)} {
		for name, value := range claims {
			if value == "forged" {
				t.Errorf("%s has %q of the hook", what, name)
			}
		}
		if claims["sub"] != subject {
			t.Errorf("%s: sub %v", what, claims["sub"])
		}
	}
	if info["name"] != "Alice" {
		t.Errorf("control: %v", info)
	}
}
