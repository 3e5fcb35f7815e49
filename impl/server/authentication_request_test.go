package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// complete ends what waits with a sign-in of the subject, so long ago, in a class.
func (f fixture) complete(p *server.Pending, subject string, ago time.Duration, acr string) url.Values {
	r, err := f.Complete(context.Background(), p, server.Decision{
		Subject: subject, AuthTime: f.Clock.Now().Add(-ago), ACR: acr, Methods: []string{"pwd"}, SessionID: "sid-1",
	})
	if err != nil {
		return url.Values{"error": {err.Error()}}
	}
	to, err := url.Parse(r.Location())
	if err != nil {
		return url.Values{"error": {err.Error()}}
	}
	return to.Query()
}

// refusedWith is the error of an authorization request that never waits.
func (f fixture) refusedWith(q url.Values) string {
	to, err := f.Get("/authorize", q).Location()
	if err != nil {
		return err.Error()
	}
	return to.Query().Get("error")
}

// offering is an Interaction like any, that offers a class.
type offering struct{ server.Interaction }

func (offering) Offers() server.Offers {
	return server.Offers{Prompts: []string{"none", "login", "consent", "select_account"}, ACRValues: []string{"silver", "gold"}}
}

func withACR(c *server.Config) {
	plain := c.Interaction
	c.Interaction = func(s *server.Server) (server.Interaction, error) {
		i, err := plain(s)
		return offering{i}, err
	}
}

// payloadOf reads a JWT without looking at its signature.
func payloadOf(t *testing.T, token string) map[string]any {
	t.Helper()
	var claims map[string]any
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestPrompt(t *testing.T) {
	proof.Of(t, "ATK-147")
	proof.Of(t, "OIDC-CORE-3.1.2.1-21", "PROMPT-CREATE-4.1-5", "OIDC-CORE-15.1-2")
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	for prompt, want := range map[string]string{
		"none": "", "login": "", "consent": "", "select_account": "", "login consent": "", "consent  login": "", "": "",
		"none login": "invalid_request", "create": "invalid_request", "Login": "invalid_request", "none create": "invalid_request",
	} {
		q := c.Request(url.Values{"prompt": {prompt}})
		if got := f.refusedWith(q); got != want {
			t.Errorf("prompt %q: %q, want %q", prompt, got, want)
		}
	}
	p := f.Pending(c.Request(url.Values{"prompt": {"login consent"}}))
	if !p.Asks("login") || !p.Asks("consent") || p.Silent() || p.Asks("none") {
		t.Error("what was asked is lost")
	}
}

// prompt=none never redirects to a URI that is not the client's (GHSA-2wvm).
func TestPromptNoneKeepsToRegisteredURIs(t *testing.T) {
	proof.Of(t, "ATK-19", "GHSA-2wvm-8mvp-22qv")
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	for name, q := range map[string]url.Values{
		"unregistered": c.Request(url.Values{"prompt": {"none"}, "redirect_uri": {"https://evil.example/cb"}}),
		"with another": c.Request(url.Values{"prompt": {"none login"}, "redirect_uri": {"https://evil.example/cb"}}),
		"form_post":    c.Request(url.Values{"prompt": {"none"}, "redirect_uri": {"https://evil.example/cb"}, "response_mode": {"form_post"}}),
	} {
		res := f.Get("/authorize", q)
		page, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" || strings.Contains(string(page), "evil.example") {
			t.Errorf("%s: %d %v %s", name, res.StatusCode, res.Header, page)
		}
	}
	if got := f.refusedWith(c.Request(url.Values{"prompt": {"none login"}})); got != "invalid_request" {
		t.Errorf("control: %q", got)
	}
}

// What a sign-in must be, Complete demands whatever the Interaction does: it gives no code for another.
func TestSignInsThatDo(t *testing.T) {
	proof.Of(t, "ATK-147", "CVE-2024-45042", "GHSA-hp74-gm6m-2qm5")
	proof.Of(t, "OIDC-CORE-3.1.2.1-22", "OIDC-CORE-3.1.2.1-16", "OIDC-CORE-3.1.2.3-2", "OIDC-CORE-3.1.2.2-4", "OIDC-CORE-3.1.2.2-5", "OIDC-CORE-3.1.2.1-25", "UNMET-AUTH-1-1", "UNMET-AUTH-1-2", "UNMET-AUTH-1-4")
	f := newFixture(t, servertest.OpenID, withACR)
	c := f.Public()
	hint := f.login(c, "openid", nil).ID
	f.Clock.Move(2 * time.Hour) // the hint has expired, and is good all the same
	for name, row := range map[string]struct {
		q       url.Values
		subject string
		ago     time.Duration
		acr     string
		want    string // "" is a code
	}{
		"long ago":                   {nil, "alice", time.Hour, "", ""},
		"max_age met":                {url.Values{"max_age": {"60"}}, "alice", time.Minute, "", ""},
		"max_age exceeded":           {url.Values{"max_age": {"60"}}, "alice", 61 * time.Second, "", "login_required"},
		"max_age, the longest":       {url.Values{"max_age": {"4294967295"}}, "alice", time.Hour, "", ""},
		"max_age=0, now":             {url.Values{"max_age": {"0"}}, "alice", 0, "", ""},
		"max_age=0, a second ago":    {url.Values{"max_age": {"0"}}, "alice", time.Second, "", "login_required"},
		"prompt=login, now":          {url.Values{"prompt": {"login"}}, "alice", 0, "", ""},
		"prompt=login, a second ago": {url.Values{"prompt": {"login"}}, "alice", time.Second, "", "login_required"},
		"prompt=none":                {url.Values{"prompt": {"none"}}, "alice", time.Hour, "", ""},
		"the hint's person":          {url.Values{"id_token_hint": {hint}}, "alice", time.Hour, "", ""},
		"another than the hint's":    {url.Values{"id_token_hint": {hint}}, "bob", time.Hour, "", "login_required"},
		"the sub that is claimed":    {url.Values{"claims": {`{"id_token":{"sub":{"value":"alice"}}}`}}, "alice", 0, "", ""},
		"another sub than claimed":   {url.Values{"claims": {`{"id_token":{"sub":{"value":"alice"}}}`}}, "bob", 0, "", "login_required"},
		"essential acr met":          {url.Values{"claims": {`{"id_token":{"acr":{"essential":true,"values":["gold","silver"]}}}`}}, "alice", 0, "silver", ""},
		"essential acr unmet":        {url.Values{"claims": {`{"id_token":{"acr":{"essential":true,"value":"gold"}}}`}}, "alice", 0, "silver", "unmet_authentication_requirements"},
		"essential acr unmet before": {url.Values{"claims": {`{"id_token":{"acr":{"essential":true,"value":"gold"}}}`}}, "alice", time.Hour, "", "login_required"},
		"voluntary acr unmet":        {url.Values{"claims": {`{"id_token":{"acr":{"value":"gold"}}}`}}, "alice", 0, "silver", ""},
		"acr_values unmet":           {url.Values{"acr_values": {"gold"}}, "alice", 0, "", ""},
	} {
		q := url.Values{"scope": {"openid"}}
		for k, v := range row.q {
			q[k] = v
		}
		got := f.complete(f.Pending(c.Request(q)), row.subject, row.ago, row.acr)
		if got.Get("error") != row.want || (got.Get("code") == "") != (row.want != "") {
			t.Errorf("%s: %v, want %q", name, got, row.want)
		}
	}
}

// What no sign-in can meet, or cannot be read, is refused before anybody is asked.
func TestAuthenticationRequestsRefusedAtOnce(t *testing.T) {
	proof.Of(t, "ATK-147")
	proof.Of(t, "OIDC-CORE-3.1.2.1-24", "OIDC-CORE-15.1-3", "OIDC-CORE-15.1-4")
	proof.Of(t, "OIDC-CORE-3.1.2.2-6", "OIDC-CORE-3.1.2.6-8")
	f := newFixture(t, servertest.OpenID, withACR)
	c, other := f.Public(), f.Confidential()
	tokens, foreign := f.login(c, "openid", nil), f.login(other, "openid", nil)
	parts := strings.Split(tokens.ID, ".")
	forged := parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256))
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
	for name, row := range map[string]struct {
		q    url.Values
		want string
	}{
		"control":                    {url.Values{"id_token_hint": {tokens.ID}}, ""},
		"forged hint":                {url.Values{"id_token_hint": {forged}}, "invalid_request"},
		"unsigned hint":              {url.Values{"id_token_hint": {none}}, "invalid_request"},
		"another client's hint":      {url.Values{"id_token_hint": {foreign.ID}}, "invalid_request"},
		"an access token as hint":    {url.Values{"id_token_hint": {tokens.Access}}, "invalid_request"},
		"hint and claims contradict": {url.Values{"id_token_hint": {tokens.ID}, "claims": {`{"id_token":{"sub":{"value":"bob"}}}`}}, "login_required"},
		"a class that nobody has":    {url.Values{"claims": {`{"id_token":{"acr":{"essential":true,"value":"platinum"}}}`}}, "unmet_authentication_requirements"},
		"claims no JSON":             {url.Values{"claims": {`{"id_token"`}}, "invalid_request"},
		"claims no object":           {url.Values{"claims": {`["name"]`}}, "invalid_request"},
		"claims of another form":     {url.Values{"claims": {`{"id_token":["name"]}`}}, "invalid_request"},
		"claims with more":           {url.Values{"claims": {`{"id_token":{"name":null},"verified":[1]}`}}, ""},
		"negative max_age":           {url.Values{"max_age": {"-1"}}, "invalid_request"},
		"max_age no number":          {url.Values{"max_age": {"1h"}}, "invalid_request"},
		"max_age with a fraction":    {url.Values{"max_age": {"1.5"}}, "invalid_request"},
		"max_age beyond all":         {url.Values{"max_age": {"9223372036854775807"}}, "invalid_request"},
		"max_age of no integer":      {url.Values{"max_age": {"99999999999999999999"}}, "invalid_request"},
		"max_age twice":              {url.Values{"max_age": {"1", "2"}}, "invalid_request"},
		"registration":               {url.Values{"registration": {"{}"}}, "registration_not_supported"},
		"languages nobody has":       {url.Values{"ui_locales": {"tlh"}, "claims_locales": {"tlh"}, "display": {"wap"}}, ""},
	} {
		q := url.Values{"scope": {"openid"}}
		for k, v := range row.q {
			q[k] = v
		}
		if got := f.refusedWith(c.Request(q)); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
	// Metadata of the client stands in for what a request leaves out.
	strict := f.Register(`{"redirect_uris":["https://app.example.com/strict"],"token_endpoint_auth_method":"none","default_max_age":60}`)
	if got := f.complete(f.Pending(strict.Request(nil)), "alice", 2*time.Minute, ""); got.Get("error") != "login_required" {
		t.Errorf("default_max_age: %v", got)
	}
	if got := f.complete(f.Pending(strict.Request(url.Values{"max_age": {"3600"}})), "alice", 2*time.Minute, ""); got.Get("code") == "" {
		t.Errorf("max_age over default_max_age: %v", got)
	}
}

// The claims parameter: by target, with values and languages, and never more than the account has.
func TestClaimsParameter(t *testing.T) {
	proof.Of(t, "OIDC-CORE-5.5.2-1")
	proof.Of(t, "OIDC-CORE-5.5-1", "OIDC-CORE-5.5.1-1", "OIDC-CORE-5.2-1", "OIDC-CORE-5.2-2", "OIDC-CORE-5.2-3", "OIDC-CORE-2-8", "OIDC-CORE-15.1-5", "OIDC-CORE-15.1-7")
	f := newFixture(t, servertest.OpenID, withACR)
	c := f.Public()
	run := func(scope string, q url.Values) (idToken, info map[string]any) {
		t.Helper()
		changes := url.Values{"scope": {scope}}
		for k, v := range q {
			changes[k] = v
		}
		code := f.complete(f.Pending(c.Request(changes)), "alice", 0, "silver").Get("code")
		tokens := f.Token(c, c.Exchange(code, nil))
		return f.IDToken(c, tokens.ID), servertest.Decode(t, f.Get("/userinfo", nil, servertest.Bearer(tokens.Access)), http.StatusOK)
	}
	idToken, info := run("openid", url.Values{"claims": {`{"userinfo":{"email":{"essential":true},"department":null,"no_such":null,"iss":null},
		"id_token":{"name":null,"family_name#de":null,"auth_time":{"essential":true},"nickname":{"essential":true}}}`}})
	if info["email"] != "alice@example.com" || info["department"] != "Optics" || len(info) != 3 {
		t.Errorf("userinfo: %v", info)
	}
	if idToken["name"] != "Alice Adams" || idToken["family_name#de"] != "Ädams" || idToken["email"] != nil || idToken["nickname"] != nil || idToken["iss"] != servertest.Issuer {
		t.Errorf("ID Token: %v", idToken)
	}
	if idToken["acr"] != "silver" || idToken["sid"] != "sid-1" || idToken["auth_time"] == nil || len(idToken["amr"].([]any)) != 1 {
		t.Errorf("ID Token: %v", idToken)
	}
	_, info = run("openid", url.Values{"claims": {`{"userinfo":{"email":{"value":"mallory@example.com"},"locale":{"values":["de","en-GB"]}}}`}})
	if info["email"] != nil || info["locale"] != "en-GB" {
		t.Errorf("values: %v", info)
	}
	_, info = run("openid profile", url.Values{"claims_locales": {"de"}})
	if info["family_name"] != "Ädams" || info["given_name"] != "Alice" || info["family_name#de"] != nil {
		t.Errorf("one language: %v", info)
	}
	_, info = run("openid profile", url.Values{"claims_locales": {"ja DE"}})
	if info["family_name"] != "Adams" || info["family_name#ja-Kana-JP"] != "アダムズ" || info["family_name#de"] != "Ädams" {
		t.Errorf("two languages: %v", info)
	}
	_, info = run("openid profile", url.Values{"claims_locales": {"tlh"}})
	if info["family_name"] != "Adams" {
		t.Errorf("a language nobody has: %v", info)
	}
	// Of a refresh the ID Token tells the same.
	code := f.complete(f.Pending(c.Request(url.Values{"scope": {"openid"}, "claims": {`{"id_token":{"name":null}}`}})), "alice", 0, "silver").Get("code")
	tokens := f.Token(c, c.Exchange(code, nil))
	again := f.IDToken(c, f.Token(c, c.Refresh(tokens.Refresh, nil)).ID)
	if again["name"] != "Alice Adams" || again["acr"] != "silver" || again["sid"] != "sid-1" {
		t.Errorf("after a refresh: %v", again)
	}
}

// What a person unticked is not told by the claims parameter either.
func TestClaimsOfAScopeThatWasNotAllowed(t *testing.T) {
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	for email, allowed := range map[bool][]string{true: {"openid", "email"}, false: {"openid"}} {
		p := f.Pending(c.Request(url.Values{"scope": {"openid email"}, "claims": {`{"userinfo":{"email":null,"department":null}}`}}))
		if asked := strings.Join(p.Claims(), " "); asked != "department" {
			t.Errorf("asked by name: %q", asked)
		}
		r, err := f.Complete(context.Background(), p, server.Decision{Subject: "alice", AuthTime: f.Clock.Now(), Scopes: allowed})
		if err != nil {
			t.Fatal(err)
		}
		to, _ := url.Parse(r.Location())
		tokens := f.Token(c, c.Exchange(to.Query().Get("code"), nil))
		info := servertest.Decode(t, f.Get("/userinfo", nil, servertest.Bearer(tokens.Access)), http.StatusOK)
		if (info["email"] != nil) != email || info["department"] == nil {
			t.Errorf("allowed %v: %v", allowed, info)
		}
	}
}

// ID Tokens and UserInfo responses are signed as the client registered, by keys that are published.
func TestIdentityAlgorithms(t *testing.T) {
	proof.Of(t, "OIDC-CORE-10.1-1", "OIDC-REG-2-15", "OIDC-REG-2-19")
	proof.Of(t, "OIDC-CORE-15.1-1", "OIDC-CORE-5.3.2-8", "OIDC-CORE-5.3.2-10", "OIDC-CORE-5.3.2-11", "OIDC-CORE-5.3.2-12", "OIDC-CORE-10.1-2", "OIDC-CORE-10.1-3")
	f := newFixture(t, servertest.OpenID)
	for _, alg := range []string{"RS256", "ES256", "PS256", "EdDSA"} {
		c := f.Register(`{"redirect_uris":["https://app.example.com/` + alg + `"],"token_endpoint_auth_method":"none","id_token_signed_response_alg":"` + alg + `","userinfo_signed_response_alg":"` + alg + `"}`)
		tokens := f.login(c, "openid email", nil)
		header, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens.ID, ".")[0])
		if err != nil || !strings.Contains(string(header), `"alg":"`+alg+`"`) || !strings.Contains(string(header), `"kid"`) {
			t.Errorf("%s: header %s", alg, header)
		}
		claims := f.IDToken(c, tokens.ID)
		if alg != "EdDSA" {
			sum := sha256.Sum256([]byte(tokens.Access))
			if claims["at_hash"] != base64.RawURLEncoding.EncodeToString(sum[:16]) {
				t.Errorf("%s: at_hash %v", alg, claims["at_hash"])
			}
		} else if hash, _ := base64.RawURLEncoding.DecodeString(claims["at_hash"].(string)); len(hash) != 32 {
			t.Errorf("EdDSA: at_hash of %d bytes", len(hash))
		}
		res := f.Get("/userinfo", nil, servertest.Bearer(tokens.Access))
		signed, _ := io.ReadAll(res.Body)
		if res.Header.Get("Content-Type") != "application/jwt" {
			t.Fatalf("%s: %v %s", alg, res.Header, signed)
		}
		header, err = base64.RawURLEncoding.DecodeString(strings.Split(string(signed), ".")[0])
		if err != nil || !strings.Contains(string(header), `"alg":"`+alg+`"`) {
			t.Errorf("%s: header of userinfo %s", alg, header)
		}
		info := payloadOf(t, string(signed))
		if info["iss"] != servertest.Issuer || info["aud"] != c.ID || info["sub"] != "alice" || info["email"] != "alice@example.com" || info["exp"] != nil {
			t.Errorf("%s: userinfo %v", alg, info)
		}
		// It is no ID Token, and not to be taken for one.
		if got := f.refusedWith(c.Request(url.Values{"scope": {"openid"}, "id_token_hint": {string(signed)}})); got != "invalid_request" {
			t.Errorf("%s: a UserInfo response as hint: %q", alg, got)
		}
	}
}

// OIDC-CORE-11: offline_access is what a client gets, never more.
func TestOfflineAccess(t *testing.T) {
	f := newFixture(t, servertest.OpenID, func(c *server.Config) { c.Scopes = []string{"read"}; c.RefreshTokens = server.RefreshOnOfflineAccess })
	c := f.Public()
	if tokens := f.login(c, "openid", nil); tokens.Refresh != "" {
		t.Errorf("without offline_access: %+v", tokens)
	}
	if tokens := f.login(c, "openid offline_access", nil); tokens.Refresh == "" || tokens.Scope != "openid offline_access" {
		t.Errorf("with offline_access: %+v", tokens)
	}
	never := newFixture(t, servertest.OpenID, func(c *server.Config) { c.Scopes = []string{"read"}; c.RefreshTokens = server.RefreshNever })
	if tokens := never.login(never.Public(), "openid offline_access", nil); tokens.Refresh != "" || tokens.Scope != "openid" {
		t.Errorf("where nobody gets one: %+v", tokens)
	}
}
