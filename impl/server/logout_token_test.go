package server_test

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// A client is told once, with a token that is good now, at the URI as it is
// registered.
func TestLogoutIsDelivered(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.2-2", "OIDC-BCLO-2.2-5", "OIDC-BCLO-2.4-10", "OIDC-BCLO-2.5-1", "OIDC-BCLO-2.6-1", "OIDC-BCLO-2.6-2", "ATK-146")
	rp := newRelyingParty(t)
	s := provider(t, rp)
	for _, row := range []struct{ alg, metadata string }{
		{"RS256", ``}, {"ES256", `,"id_token_signed_response_alg":"ES256","backchannel_logout_session_required":true`},
		{"EdDSA", `,"id_token_signed_response_alg":"EdDSA"`}, {"PS256", `,"subject_type":"pairwise","id_token_signed_response_alg":"PS256"`},
	} {
		c := s.Register(`{"client_name":"` + row.alg + `","redirect_uris":["https://web.example.com/cb"],"grant_types":["authorization_code","refresh_token"],"backchannel_logout_uri":"` + rp.URL + `/out?tenant=1&x="` + row.metadata + `}`)
		idToken := s.IDToken(c, signIn(t, s, c, "alice", "s-"+row.alg, "openid").ID)
		end(t, s, "alice", "s-"+row.alg)
		s.Clock.Move(3 * time.Hour) // whatever kept it back
		if n := s.DeliverNow(); n != 2 {
			t.Errorf("%s: %d attempts, want the logout and the closing", row.alg, n)
		}
		got := rp.took()
		if len(got) != 1 || got[0].uri != "/out?tenant=1&x=" {
			t.Fatalf("%s: arrived %v", row.alg, got)
		}
		claims := logoutClaims(t, s, c, got[0].token)
		now := float64(s.Clock.Now().Unix())
		if claims["sub"] != idToken["sub"] || claims["sid"] != idToken["sid"] || claims["sid"] != "s-"+row.alg || claims["iat"] != now || claims["exp"] != now+120 || claims["nonce"] != nil {
			t.Errorf("%s: %v, of the ID Token %v", row.alg, claims, idToken)
		}
		if alg := headerOf(t, got[0].token)["alg"]; alg != row.alg {
			t.Errorf("alg %v, want %s", alg, row.alg)
		}
		if what, detail := lastEvent(s); what != "backchannel_logout_delivered "+c.ID+" alice" || detail["sid"] != "s-"+row.alg {
			t.Errorf("%s: event %s %v", row.alg, what, detail)
		}
		s.Clock.Move(25 * time.Hour)
		if n := s.DeliverNow(); n != 0 || len(rp.took()) != 0 {
			t.Errorf("%s: %d attempts more", row.alg, n)
		}
	}
	if n := s.Deliveries(); n != (server.DeliveryCounts{Delivered: 4}) {
		t.Errorf("%+v", n)
	}
}

func headerOf(t *testing.T, token string) map[string]any {
	t.Helper()
	header, _, _ := strings.Cut(token, ".")
	return payloadOf(t, "."+header+".")
}

// Nobody is told who may not be, or not in a way that they take.
func TestLogoutNotSent(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.2-5")
	rp := newRelyingParty(t)
	s := provider(t, rp)
	needs := s.Register(`{"client_name":"n","redirect_uris":["https://web.example.com/cb"],"grant_types":["authorization_code"],"backchannel_logout_uri":"` + rp.URL + `/n","backchannel_logout_session_required":true}`)
	any := backchannel(s, "any", rp.URL+"/any")
	gone := backchannel(s, "gone", rp.URL+"/gone")
	for _, c := range []servertest.Client{needs, any, gone} {
		signIn(t, s, c, "alice", "", "openid")
	}
	if _, err := s.EndSession(t.Context(), server.SessionEnd{Subject: "alice"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.DeleteClient(t.Context(), gone.ID, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	s.DeliverNow()
	got := rp.took()
	if len(got) != 1 || got[0].uri != "/any" {
		t.Fatalf("arrived %v", got)
	}
	if claims := logoutClaims(t, s, any, got[0].token); claims["sub"] != "alice" || claims["sid"] != nil {
		t.Errorf("%v", claims)
	}
	var why []string
	for _, e := range s.Events() {
		if e.Reason == "backchannel_logout_refused" {
			why = append(why, e.ClientID+string(e.Detail))
		}
	}
	if want := []string{gone.ID + `{"attempts":1,"why":"client_unknown"}`, needs.ID + `{"attempts":1,"why":"no_session"}`}; !slices.Equal(sorted(why), sorted(want)) {
		t.Errorf("refused %v, want %v", why, want)
	}
}

// Where a client has its ID Tokens encrypted, its logout tokens are too, and say in
// the open from whom they are.
func TestLogoutTokenIsEncrypted(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.4-10", "OIDC-BCLO-2.4-11")
	rp := newRelyingParty(t)
	s := provider(t, rp)
	private, jwk := decryptionKey(t)
	c := s.Register(`{"client_name":"e","redirect_uris":["https://web.example.com/cb"],"grant_types":["authorization_code"],"id_token_encrypted_response_alg":"RSA-OAEP-256","id_token_encrypted_response_enc":"A256GCM","jwks":{"keys":[` + jwk + `]},"backchannel_logout_uri":"` + rp.URL + `"}`)
	signIn(t, s, c, "alice", "s1", "openid")
	end(t, s, "alice", "s1")
	s.DeliverNow()
	got := rp.took()
	if len(got) != 1 || strings.Count(got[0].token, ".") != 4 {
		t.Fatalf("arrived %v", got)
	}
	if header := headerOf(t, got[0].token); header["iss"] != s.Issuer() || header["cty"] != "JWT" {
		t.Errorf("header %v", header)
	}
	if claims := logoutClaims(t, s, c, decrypt(t, got[0].token, private, gojose.A256GCM)); claims["sid"] != "s1" {
		t.Errorf("%v", claims)
	}
}

// A logout token is good at its client alone: in the place of no other token, whole
// or changed, though it is a JWT of this server about this person and this client.
func TestLogoutTokenInOtherSlots(t *testing.T) {
	proof.Of(t, "ATK-77", "ATK-80")
	rp := newRelyingParty(t)
	s := provider(t, rp)
	c := backchannel(s, "c", rp.URL)
	kept := signIn(t, s, c, "alice", "s2", "openid")
	signIn(t, s, c, "alice", "s1", "openid")
	end(t, s, "alice", "s1")
	s.DeliverNow()
	got := rp.took()
	if len(got) != 1 {
		t.Fatalf("arrived %v", got)
	}
	token := func(form url.Values) func(string) bool {
		return func(v string) bool {
			form := maps.Clone(form)
			for name := range form {
				if form.Get(name) == "*" {
					form.Set(name, v)
				}
			}
			return s.Post("/token", form, c.Auth()).StatusCode == http.StatusOK
		}
	}
	slots := []struct {
		name, good string // what is good there; "": nothing here is
		takes      func(string) bool
	}{
		{"access token", kept.Access, func(v string) bool {
			return s.Get("/userinfo", nil, servertest.Bearer(v)).StatusCode == http.StatusOK
		}},
		{"hint of a sign-in", kept.ID, func(v string) bool {
			to, err := s.Get("/authorize", c.Request(url.Values{"id_token_hint": {v}, "scope": {"openid"}})).Location()
			return err == nil && to.Query().Get("error") == ""
		}},
		{"hint of a logout", kept.ID, func(v string) bool {
			return s.Get("/end_session", url.Values{"id_token_hint": {v}}).StatusCode == http.StatusSeeOther
		}},
		{"introspection", kept.Access, func(v string) bool {
			return servertest.Decode(t, s.Post("/introspect", url.Values{"token": {v}}, c.Auth()), http.StatusOK)["active"] == true
		}},
		{"access token of a resource", kept.Access, func(v string) bool {
			_, err := s.VerifyAccessToken(t.Context(), v)
			return err == nil
		}},
		{"refresh token", kept.Refresh, token(c.Refresh("*", nil))},
		{"code", "", token(c.Exchange("*", nil))},
		{"client assertion", "", token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_assertion": {"*"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}})},
		{"registration access token", c.RegistrationToken, func(v string) bool {
			return s.Get("/register/"+c.ID, nil, servertest.Bearer(v)).StatusCode == http.StatusOK
		}},
	}
	parts := strings.Split(got[0].token, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	idHeader, _, _ := strings.Cut(kept.ID, ".")
	for _, slot := range slots {
		for what, v := range map[string]string{
			"whole": got[0].token, "unsigned": none + "." + parts[1] + ".", "unsigned, with the signature": none + "." + parts[1] + "." + parts[2],
			"under the header of an ID Token": idHeader + "." + parts[1] + "." + parts[2], "cut": parts[0] + "." + parts[1],
			"with the claims of an ID Token": parts[0] + "." + strings.Split(kept.ID, ".")[1] + "." + parts[2],
		} {
			if slot.takes(v) {
				t.Errorf("a logout token, %s, was taken as %s", what, slot.name)
			}
		}
	}
	for _, slot := range slots {
		if slot.good != "" && !slot.takes(slot.good) {
			t.Errorf("control: what is good as %s is refused", slot.name)
		}
	}
}
