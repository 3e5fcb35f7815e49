package server_test

import (
	"net/url"
	"slices"
	"testing"

	"github.com/charterauth/charter/impl/internal/servertest"
)

// A client's default_acr_values are those of a request that has none of its own,
// by parameter or by claim (OpenID Connect Registration §2).
func TestDefaultACRValues(t *testing.T) {
	f := newFixture(t, servertest.OpenID, withACR)
	with := f.Register(`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none","default_acr_values":["gold","silver"]}`)
	for name, c := range map[string]struct {
		client servertest.Client
		asks   url.Values
		want   []string
	}{
		"neither":             {f.Public(), nil, nil},
		"the client's":        {with, nil, []string{"gold", "silver"}},
		"the request's":       {with, url.Values{"acr_values": {"silver bronze"}}, []string{"silver", "bronze"}},
		"the claim's":         {with, url.Values{"claims": {`{"id_token":{"acr":{"essential":true,"values":["silver"]}}}`}}, []string{"silver"}},
		"a claim of none":     {with, url.Values{"claims": {`{"id_token":{"acr":null}}`}}, nil},
		"a claim of UserInfo": {with, url.Values{"claims": {`{"userinfo":{"email":null}}`}}, []string{"gold", "silver"}},
	} {
		q := c.client.Request(url.Values{"scope": {"openid"}})
		for name, values := range c.asks {
			q[name] = values
		}
		if got := f.Pending(q).ACRValues(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
