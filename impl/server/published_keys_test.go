package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store"
)

// What is published of the keys is their public half as bare values, and of the key
// of pairwise subjects nothing.
func TestPublishedKeysAreBare(t *testing.T) {
	proof.Of(t, "OIDC-CORE-15.2-5", "OIDC-CORE-10.1-4", "OIDC-DISC-3-14")
	f := newFixture(t, servertest.OpenID)
	pairwise := f.Register(`{"redirect_uris":["https://app.example.com/pairwise"],"token_endpoint_auth_method":"none","subject_type":"pairwise"}`)
	f.login(pairwise, "openid", nil)
	for _, alg := range []string{"RS256", "ES256", "PS256", "EdDSA"} {
		c := f.Register(`{"redirect_uris":["https://app.example.com/` + alg + `"],"token_endpoint_auth_method":"none","id_token_signed_response_alg":"` + alg + `"}`)
		f.login(c, "openid", nil)
	}
	stored, err := f.Store.Keys(t.Context())
	if err != nil || !slices.ContainsFunc(stored, func(k store.Key) bool { return k.Use == "pairwise" }) {
		t.Fatalf("control: there is no symmetric key that could be published: %v", err)
	}
	members := map[string][]string{"RSA": {"n", "e"}, "EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}}
	seen := map[any]bool{}
	keys, _ := servertest.Decode(t, f.Get("/jwks", url.Values{}), http.StatusOK)["keys"].([]any)
	for _, k := range keys {
		key, _ := k.(map[string]any)
		kty, _ := key["kty"].(string)
		want := append([]string{"kty", "kid", "use", "alg"}, members[kty]...)
		for _, name := range want {
			if text, _ := key[name].(string); text == "" {
				t.Errorf("%v has no %s", key, name)
			}
		}
		if members[kty] == nil || len(key) != len(want) || key["use"] != "sig" {
			t.Errorf("%v has members other than %v, or another use", key, want)
		}
		seen[key["alg"]] = true
	}
	if len(seen) != 4 {
		t.Errorf("keys of %v", seen)
	}
}
