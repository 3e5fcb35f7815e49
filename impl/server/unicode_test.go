package server_test

import (
	"context"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/server"
)

// Texts are compared code point by code point, and none is normalized: é is not e
// with an accent.
func TestUnicodeIsComparedAsItIs(t *testing.T) {
	proof.Of(t, "OIDC-CORE-14-1", "OIDC-CORE-14-2", "OIDC-DISC-5-1", "OIDC-DISC-5-2")
	const composed, decomposed = "Andr\u00e9", "Andre\u0301"
	f := newFixture(t, func(c *server.Config) {
		c.Claims = func(context.Context, string) (json.RawMessage, error) {
			return json.RawMessage(`{"given_name":"` + composed + `","nickname":"` + decomposed + `"}`), nil
		}
	})
	c := f.Public()
	for asked, told := range map[string]bool{composed: true, decomposed: false, "andr\u00e9": false, composed + " ": false} {
		claims := `{"id_token":{"given_name":{"value":"` + asked + `"},"nickname":null}}`
		code := f.complete(f.Pending(c.Request(url.Values{"scope": {"openid"}, "claims": {claims}, "nonce": {decomposed}})), "alice", 0, "").Get("code")
		got := f.IDToken(c, f.Token(c, c.Exchange(code, nil)).ID)
		if (got["given_name"] == composed) != told || (got["given_name"] == nil) == told {
			t.Errorf("%+q was asked for, and %+q told", asked, got["given_name"])
		}
		if got["nickname"] != decomposed || got["nonce"] != decomposed {
			t.Errorf("nickname %+q, nonce %+q: normalized", got["nickname"], got["nonce"])
		}
	}
}
