package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/server"
)

// A registration policy sees what a registration comes to: a member that is left
// out or empty as its default, and never one of another type.
func TestPolicySeesDefaults(t *testing.T) {
	proof.Of(t, "CVE-2026-18570")
	f := newFixture(t, func(c *server.Config) {
		c.RegistrationPolicy = func(_ context.Context, a server.RegistrationAttempt) (client.Metadata, error) {
			if a.Metadata.AuthMethod() != client.None || !a.Metadata.HasGrant(gen.GrantTypeRefreshToken) {
				return client.Metadata{}, oauth.AccessDenied("policy", "public clients that refresh only")
			}
			return a.Metadata, nil
		}
	})
	const good = `{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]}`
	for _, member := range []string{`"token_endpoint_auth_method":"none"`, `"grant_types":["authorization_code","refresh_token"]`} {
		name, _, _ := strings.Cut(member, ":")
		for what, changed := range map[string]string{
			"absent": strings.Replace(good, ","+member, "", 1),
			"null":   strings.Replace(good, member, name+":null", 1),
			"empty":  strings.Replace(good, member, name+`:""`, 1),
			"array":  strings.Replace(good, member, name+":[]", 1),
			"object": strings.Replace(good, member, name+":{}", 1),
			"number": strings.Replace(good, member, name+":0", 1),
			"false":  strings.Replace(good, member, name+":false", 1),
		} {
			f.unchanged(t, name+" "+what, func() {
				res := f.register(changed)
				if res.StatusCode != http.StatusBadRequest {
					t.Errorf("%s %s: %d", name, what, res.StatusCode)
				}
			})
		}
	}
	servertest.Decode(t, f.register(good), http.StatusCreated)
}
