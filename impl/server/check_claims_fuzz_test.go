package server

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/oauth"
)

// FuzzClaimsParameter: whatever the claims parameter is (OpenID Connect Core
// §5.5), it is an object and bounded, keeps through the record of the request,
// and asks for nothing of a scope that the person unticked.
func FuzzClaimsParameter(f *testing.F) {
	proof.Of(f, "FUZZ-15")
	for _, s := range []string{
		`{"userinfo":{"given_name":{"essential":true},"email":null,"email#de":null},"id_token":{"acr":{"values":["a","b"]},"sub":{"value":"x"}}}`,
		`{}`, `[]`, `null`, `{"userinfo":null}`, `{"userinfo":[]}`, `{"userinfo":{"a":1}}`, `{"x":1}`, `{"id_token":{"sub":{"value":null,"values":[null,1,"x"]}}}`,
		`{"id_token":{"a":{"value":{"b":[]}}}}{}`, `{"userinfo":{"email":null},"userinfo":{}}`, `{"userinfo":{` + strings.Repeat(`"a":null,`, 70) + `"b":null}}`,
	} {
		f.Add(s)
	}
	s := &Server{scopes: scopeSet{identity: []string{"openid", "email", "profile"}}}
	f.Fuzz(func(t *testing.T, claims string) {
		asked, err := s.checkClaims(gen.AuthorizationRequest{Claims: claims, Scope: "openid email"})
		if err != nil {
			if e, ok := err.(*oauth.Error); !ok || e.Code != "invalid_request" {
				t.Errorf("%v", err)
			}
			return
		}
		if claims != "" && !json.Valid([]byte(claims)) {
			t.Errorf("%q is no JSON", claims)
		}
		if len(asked.UserInfo) > maxClaimsAsked || len(asked.IDToken) > maxClaimsAsked {
			t.Errorf("%d and %d are asked for", len(asked.UserInfo), len(asked.IDToken))
		}
		var kept claimsRequest
		if record, err := json.Marshal(asked); err != nil || json.Unmarshal(record, &kept) != nil || !cmp.Equal(asked.named(nil), kept.named(nil)) || !cmp.Equal(asked.subjects(), kept.subjects()) {
			t.Errorf("%q became %+v, kept as %+v (%v)", claims, asked, kept, err)
		}
		left := asked.without([]string{"openid", "email"}, []string{"openid"})
		for _, claims := range []map[string]claimRequest{left.UserInfo, left.IDToken} {
			for name := range claims {
				if base, _, _ := strings.Cut(name, "#"); base == "email" || base == "email_verified" {
					t.Errorf("%q is told without its scope", name)
				}
			}
		}
	})
}
