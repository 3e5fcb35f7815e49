package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// login runs a whole login of c with these scopes.
func (f fixture) login(c servertest.Client, scope string, changes url.Values) servertest.Tokens {
	q := url.Values{"scope": {scope}}
	maps.Copy(q, changes)
	return f.Token(c, c.Exchange(f.Code(c, q), nil))
}

func sortedNames(members map[string]any) []string { return slices.Sorted(maps.Keys(members)) }

// Every claim of an ID Token.
func TestIDToken(t *testing.T) {
	proof.Of(t, "OIDC-CORE-2-1", "OIDC-CORE-2-2", "OIDC-CORE-2-4", "OIDC-CORE-2-5", "OIDC-CORE-2-6", "OIDC-CORE-2-7", "OIDC-CORE-2-9", "OIDC-CORE-2-10",
		"OIDC-CORE-2-14", "OIDC-CORE-2-15", "OIDC-CORE-3.1.3.6-1")
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	signedIn := f.Clock.Now()
	code := f.Code(c, url.Values{"scope": {"openid profile email"}, "nonce": {"n-0S6_WzA2Mj ü"}})
	f.Clock.Move(30 * time.Second)
	tokens := f.Token(c, c.Exchange(code, nil))
	claims := f.IDToken(c, tokens.ID)
	sum := sha256.Sum256([]byte(tokens.Access))
	issued := f.Clock.Now().Unix()
	want := map[string]any{
		"iss": servertest.Issuer, "sub": "alice", "aud": c.ID, "nonce": "n-0S6_WzA2Mj ü",
		"iat": float64(issued), "exp": float64(issued + 3600), "auth_time": float64(signedIn.Unix()),
		"at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
	}
	if fmt.Sprint(claims) != fmt.Sprint(want) {
		t.Errorf("claims %v\nwant   %v", claims, want)
	}
}

// A sub has at most 255 ASCII characters. What an Interaction gives otherwise is no
// person's fault, and makes no code; a pairwise sub is computed of it.
func TestSubjectsAreASCII(t *testing.T) {
	proof.Of(t, "OIDC-CORE-2-3")
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	pairwise := f.Register(`{"redirect_uris":["https://app.example.com/pairwise"],"token_endpoint_auth_method":"none","subject_type":"pairwise"}`)
	long := strings.Repeat("a", 255)
	for name, row := range map[string]struct {
		client         servertest.Client
		scope, subject string
		good           bool
	}{
		"as long as may be": {c, "openid", long, true},
		"longer":            {c, "openid", long + "a", false},
		"not ASCII":         {c, "openid", "Zoë", false},
		"without openid":    {c, "read", "Zoë", true},
		"pairwise":          {pairwise, "openid", "Zoë", true},
	} {
		p := f.Pending(row.client.Request(url.Values{"scope": {row.scope}}))
		r, err := f.Complete(t.Context(), p, server.Decision{Subject: row.subject, AuthTime: f.Clock.Now()})
		if (err == nil) != row.good {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil || row.scope != "openid" {
			continue
		}
		to, err := url.Parse(r.Location())
		if err != nil {
			t.Fatal(err)
		}
		tokens := f.Token(row.client, row.client.Exchange(to.Query().Get("code"), nil))
		sub, _ := f.IDToken(row.client, tokens.ID)["sub"].(string)
		if sub == "" || len(sub) > 255 || strings.ContainsFunc(sub, func(r rune) bool { return r > unicode.MaxASCII }) {
			t.Errorf("%s: sub %q", name, sub)
		}
	}
}

// Without openid, or where there is no OpenID provider, there is no ID Token; the
// scope does not exist there, and is no client's for itself.
func TestNoIDTokenWithoutOpenID(t *testing.T) {
	f := newFixture(t, servertest.OpenID)
	if tokens := f.login(f.Public(), "read profile", nil); tokens.ID != "" || tokens.Access == "" {
		t.Errorf("without openid: %+v", tokens)
	}
	machine := f.operator(t, server.OperatorClient{Metadata: []byte(`{"grant_types":["client_credentials"]}`)})
	for scope, refused := range map[string]bool{"read": false, "openid": true, "read profile": true} {
		res := f.Post("/token", url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}, machine.Auth())
		if (res.StatusCode == http.StatusBadRequest) != refused {
			t.Errorf("client_credentials for %q: %d", scope, res.StatusCode)
		}
	}
	plain := newFixture(t)
	res := plain.Get("/authorize", plain.Public().Request(url.Values{"scope": {"openid"}}))
	if to, err := res.Location(); err != nil || to.Query().Get("error") != "invalid_scope" {
		t.Errorf("openid at a plain OAuth server: %d %v", res.StatusCode, to)
	}
	keys := servertest.Decode(t, plain.Get("/jwks", nil), http.StatusOK)["keys"]
	if fmt.Sprint(keys) != "[]" {
		t.Errorf("a plain OAuth server has keys: %v", keys)
	}
}

// What an OpenID request makes of scope and redirect_uri, and an OAuth request does not.
func TestOpenIDRequestParameters(t *testing.T) {
	proof.Of(t, "OIDC-CORE-3.1.2.1-3", "OIDC-CORE-3.1.2.1-6")
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	tokens := f.login(c, "openid no-such-scope read", nil)
	if tokens.Scope != "openid read" || tokens.ID == "" {
		t.Errorf("unknown scope: %+v", tokens)
	}
	for scope, status := range map[string]int{"openid": http.StatusBadRequest, "read": http.StatusSeeOther} {
		if res := f.Get("/authorize", c.Request(url.Values{"scope": {scope}, "redirect_uri": {""}})); res.StatusCode != status {
			t.Errorf("scope %s without redirect_uri: %d, want %d", scope, res.StatusCode, status)
		}
	}
}

// A refresh tells the same login anew; a retry gets the same answer.
func TestIDTokenOfRefresh(t *testing.T) {
	proof.Of(t, "OIDC-CORE-12.2-1", "OIDC-CORE-12.2-2", "OIDC-CORE-12.2-3", "OIDC-CORE-12.2-4", "OIDC-CORE-12.2-5", "OIDC-CORE-12.2-6", "OIDC-CORE-12.2-7")
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	first := f.login(c, "openid read", url.Values{"nonce": {"n1"}})
	before := f.IDToken(c, first.ID)
	f.Clock.Move(10 * time.Minute)
	second := f.Token(c, c.Refresh(first.Refresh, nil))
	after := f.IDToken(c, second.ID)
	for _, name := range []string{"iss", "sub", "aud", "auth_time"} {
		if before[name] == nil || before[name] != after[name] {
			t.Errorf("%s: %v became %v", name, before[name], after[name])
		}
	}
	if after["nonce"] != nil || after["azp"] != nil || after["iat"] != float64(f.Clock.Now().Unix()) || after["at_hash"] == before["at_hash"] {
		t.Errorf("after a refresh: %v", after)
	}
	if again := f.Token(c, c.Refresh(first.Refresh, nil)); again != second {
		t.Errorf("retry: %+v, want %+v", again, second)
	}
	if narrowed := f.Token(c, c.Refresh(second.Refresh, url.Values{"scope": {"read"}})); narrowed.ID != "" {
		t.Error("an ID Token without openid")
	}
}

// The policy may take openid away, and no ID Token is made then.
func TestPolicyNarrowsOpenID(t *testing.T) {
	f := newFixture(t, servertest.OpenID, func(c *server.Config) {
		c.Policy = func(_ context.Context, i *server.Issue) error { i.Scopes = []string{"read"}; return nil }
	})
	if tokens := f.login(f.Public(), "openid read", nil); tokens.ID != "" || tokens.Scope != "read" {
		t.Errorf("%+v", tokens)
	}
}
