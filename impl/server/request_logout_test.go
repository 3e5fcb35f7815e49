package server_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

const (
	appBye = "https://app.example.com/bye"
	sid    = "sid-of-alice"
)

// A leaver is a provider at which alice is signed in to a client that has a place
// to return to after a logout.
type leaver struct {
	fixture
	client servertest.Client
	hint   string // an ID Token of alice's session
}

func newLeaver(t *testing.T, change ...func(*server.Config)) leaver {
	t.Helper()
	f := newFixture(t, append([]func(*server.Config){servertest.OpenID}, change...)...)
	c := f.Register(`{"client_name":"Leaving","redirect_uris":["` + appCallback + `"],"post_logout_redirect_uris":["` + appBye + `","http://127.0.0.1/bye"],"token_endpoint_auth_method":"none","application_type":"native","grant_types":["authorization_code","refresh_token"]}`)
	return leaver{f, c, f.signIn(t, c, "alice", sid)}
}

// signIn signs somebody in to a client in a session and returns the ID Token.
func (f fixture) signIn(t *testing.T, c servertest.Client, subject, session string) string {
	t.Helper()
	p := f.Pending(c.Request(url.Values{"scope": {"openid"}}))
	response, err := f.Complete(context.Background(), p, server.Decision{Subject: subject, AuthTime: f.Clock.Now(), SessionID: session})
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(response.Location())
	if err != nil {
		t.Fatal(err)
	}
	return f.Token(c, c.Exchange(to.Query().Get("code"), nil)).ID
}

// ask sends a logout request.
func (f fixture) ask(method string, q url.Values) *http.Response {
	if method == http.MethodPost {
		return f.Post("/end_session", q)
	}
	return f.Get("/end_session", q)
}

// waiting is the logout request that a good answer leads to.
func (f fixture) waiting(t *testing.T, what string, res *http.Response) *server.PendingLogout {
	t.Helper()
	to, err := res.Location()
	if err != nil || res.StatusCode != http.StatusSeeOther || to.Path != "/leave" || len(res.Cookies()) != 0 {
		body, _ := io.ReadAll(res.Body)
		t.Fatalf("%s: %d %v: %s", what, res.StatusCode, res.Header, body)
	}
	p, err := f.PendingLogout(context.Background(), to.Query().Get("request"))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return p
}

// goes is where the browser goes once alice is signed out.
func (f fixture) goes(t *testing.T, what string, p *server.PendingLogout, ends ...server.SessionEnd) string {
	t.Helper()
	done, err := f.CompleteLogout(context.Background(), p, ends...)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return done.Location()
}

// unsigned is a hint with the claims of another and no signature.
func unsigned(hint string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + strings.Split(hint, ".")[1] + "."
}

// tampered is a hint whose claims were changed.
func tampered(t *testing.T, hint, old, new string) string {
	t.Helper()
	parts := strings.Split(hint, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !strings.Contains(string(payload), old) {
		t.Fatalf("%s has no %s: %v", payload, old, err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.ReplaceAll(string(payload), old, new)))
	return strings.Join(parts, ".")
}

// A request that is good leads to the page, by GET and by POST alike; which of its
// parameters lead back to the client is what the hint decides.
func TestLogoutRequest(t *testing.T) {
	proof.Of(t, "OIDC-RPLO-2-3", "OIDC-RPLO-2-4", "OIDC-RPLO-2-5", "OIDC-RPLO-2-7", "OIDC-RPLO-2-12", "OIDC-RPLO-3-1", "ATK-144")
	l := newLeaver(t)
	back := url.Values{"post_logout_redirect_uri": {appBye}, "state": {"a b&c=d"}}
	with := func(changes url.Values) url.Values {
		q := url.Values{}
		for _, values := range []url.Values{back, changes} {
			for name, value := range values {
				q[name] = value
			}
		}
		return q
	}
	for name, row := range map[string]struct {
		q    url.Values
		goes string
	}{
		"hint":                       {with(url.Values{"id_token_hint": {l.hint}}), appBye + "?state=a+b%26c%3Dd"},
		"hint and client":            {with(url.Values{"id_token_hint": {l.hint}, "client_id": {l.client.ID}}), appBye + "?state=a+b%26c%3Dd"},
		"hint, no state":             {with(url.Values{"id_token_hint": {l.hint}, "state": nil}), appBye},
		"hint, another port":         {with(url.Values{"id_token_hint": {l.hint}, "post_logout_redirect_uri": {"http://127.0.0.1:51234/bye"}, "state": {"s"}}), "http://127.0.0.1:51234/bye?state=s"},
		"hint, unknown parameters":   {with(url.Values{"id_token_hint": {l.hint}, "redirect_uri": {"https://evil.com/"}, "back": {"https://evil.com/"}}), appBye + "?state=a+b%26c%3Dd"},
		"hint, unknown languages":    {with(url.Values{"id_token_hint": {l.hint}, "ui_locales": {"tlh x-klingon !!"}}), appBye + "?state=a+b%26c%3Dd"},
		"hint, nowhere":              {url.Values{"id_token_hint": {l.hint}, "state": {"s"}}, ""},
		"only the client":            {with(url.Values{"client_id": {l.client.ID}}), ""},
		"nobody":                     {with(nil), ""},
		"nobody, any place":          {url.Values{"post_logout_redirect_uri": {"https://evil.com/"}}, ""},
		"logout_hint is no ID Token": {with(url.Values{"client_id": {l.client.ID}, "logout_hint": {"alice"}}), ""},
		"nothing":                    {nil, ""},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			p := l.waiting(t, name, l.ask(method, row.q))
			if got := l.goes(t, name, p); got != row.goes || got == "" != (p.RedirectURI() == "") {
				t.Errorf("%s %s: goes to %q (%s), want %q", method, name, got, p.RedirectURI(), row.goes)
			}
			if hinted := strings.HasPrefix(name, "hint"); p.Confirmed() != hinted || (p.SessionID() == sid) != hinted {
				t.Errorf("%s %s: confirmed %t, session %q", method, name, p.Confirmed(), p.SessionID())
			}
		}
	}
	l.Clock.Move(20 * 24 * time.Hour) // the ID Token expired long ago
	p := l.waiting(t, "expired hint", l.ask(http.MethodGet, with(url.Values{"id_token_hint": {l.hint}})))
	if got := l.goes(t, "expired hint", p); got != appBye+"?state=a+b%26c%3Dd" {
		t.Errorf("expired hint: goes to %q", got)
	}
}

// Whatever is wrong with a logout request, nobody is sent anywhere and nothing of
// it is used.
func TestLogoutRequestRefused(t *testing.T) {
	proof.Of(t, "OIDC-RPLO-2-1", "OIDC-RPLO-2-6", "OIDC-RPLO-3-2", "OIDC-RPLO-4-1", "OIDC-RPLO-4-2", "ATK-30", "ATK-144", "ATK-80")
	l := newLeaver(t)
	other := l.Register(`{"client_name":"Other","redirect_uris":["https://other.example.com/cb"],"post_logout_redirect_uris":["https://other.example.com/bye"],"token_endpoint_auth_method":"none"}`)
	// Another issuer with the same keys and clients, whose tokens only say who made them.
	tenant := fixture{servertest.New(t, l.Store, servertest.OpenID, func(c *server.Config) {
		c.Issuer, c.Hosts = "https://tenant.example.org", []string{strings.TrimPrefix(servertest.Issuer, "https://")}
	}), l.writes}
	foreign := tenant.signIn(t, l.client, "alice", sid)
	check := func(what string, q url.Values) {
		t.Helper()
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			l.unchanged(t, what, func() { page(t, what+" "+method, l.ask(method, q), http.StatusBadRequest) })
		}
	}
	hints := map[string]string{"": "", "hint": l.hint}
	for class, uris := range redirectClasses {
		for _, uri := range append(uris, strings.ReplaceAll(uris[0], "/cb", "/bye")) {
			for name, hint := range hints {
				check(class+" "+strconv.QuoteToASCII(uri[:min(len(uri), 60)])+" "+name, url.Values{"client_id": {l.client.ID}, "id_token_hint": {hint}, "post_logout_redirect_uri": {uri}})
			}
		}
	}
	for _, uri := range nearMisses {
		uri = strings.ReplaceAll(uri, "/cb", "/bye")
		check("near miss "+uri, url.Values{"id_token_hint": {l.hint}, "post_logout_redirect_uri": {uri}})
	}
	for what, q := range map[string]url.Values{
		"redirect URI":           {"post_logout_redirect_uri": {appCallback}},
		"with a query":           {"post_logout_redirect_uri": {appBye + "?foo=bar"}},
		"another client's place": {"post_logout_redirect_uri": {"https://other.example.com/bye"}},
		"another client":         {"client_id": {other.ID}},
		"unknown client":         {"client_id": {"nobody"}},
		"another client's hint":  {"client_id": {other.ID}, "post_logout_redirect_uri": {"https://other.example.com/bye"}},
		"alg none":               {"id_token_hint": {unsigned(l.hint)}},
		"signature gone":         {"id_token_hint": {l.hint[:strings.LastIndexByte(l.hint, '.')+1]}},
		"changed session":        {"id_token_hint": {tampered(t, l.hint, sid, "sid-of-bobby")}},
		"changed person":         {"id_token_hint": {tampered(t, l.hint, `"alice"`, `"bobby"`)}},
		"changed audience":       {"id_token_hint": {tampered(t, l.hint, l.client.ID, other.ID)}, "post_logout_redirect_uri": {"https://other.example.com/bye"}},
		"another issuer's":       {"id_token_hint": {foreign}},
		"an access token":        {"id_token_hint": {l.Grant(l.client).Access}},
		"no token":               {"id_token_hint": {"alice"}},
		"two hints":              {"id_token_hint": {l.hint, l.hint}},
		"two places":             {"post_logout_redirect_uri": {appBye, appBye}},
		"two states":             {"post_logout_redirect_uri": {appBye}, "state": {"a", "b"}},
	} {
		if q["id_token_hint"] == nil {
			q["id_token_hint"] = []string{l.hint}
		}
		check(what, q)
	}
	// The control: the request that all of these change.
	good := url.Values{"client_id": {l.client.ID}, "id_token_hint": {l.hint}, "post_logout_redirect_uri": {appBye}}
	if got := l.goes(t, "control", l.waiting(t, "control", l.ask(http.MethodGet, good))); got != appBye {
		t.Errorf("control: goes to %q", got)
	}
}

// What a logout request names is told to the pages; what is stored of it is for
// them alone, and is over in time.
func TestPendingLogout(t *testing.T) {
	proof.Of(t, "OIDC-RPLO-2-8")
	l := newLeaver(t)
	p := l.waiting(t, "all of it", l.ask(http.MethodGet, url.Values{"id_token_hint": {l.hint}, "post_logout_redirect_uri": {appBye}, "logout_hint": {"al"}, "ui_locales": {"fr-CA en"}}))
	if p.ClientID() != l.client.ID || p.ClientName() != "Leaving" || p.Verified() || p.LogoutHint() != "al" || p.RedirectHost() != "app.example.com" || strings.Join(p.UILocales(), " ") != "fr-CA en" {
		t.Errorf("told: %+v", p)
	}
	for subject, want := range map[string]bool{"alice": true, "bob": false, "": false} {
		if means, err := p.Means(t.Context(), subject); means != want || err != nil {
			t.Errorf("means %q: %t, %v", subject, means, err)
		}
	}
	nobody := l.waiting(t, "nobody", l.ask(http.MethodGet, nil))
	if means, err := nobody.Means(t.Context(), ""); means || err != nil || nobody.ClientID() != "" || nobody.ClientName() != "" || nobody.Verified() || nobody.RedirectHost() != "" {
		t.Errorf("a request of nobody: %+v", nobody)
	}
	for _, handle := range []string{"", "apps", "chlo_x", p.Handle() + "x", strings.Replace(p.Handle(), "chlo_", "chrq_", 1)} {
		if _, err := l.PendingLogout(t.Context(), handle); err == nil {
			t.Errorf("%q is a request", handle)
		}
	}
	stranger := newLeaver(t)
	if _, err := stranger.CompleteLogout(t.Context(), p); err == nil {
		t.Error("another server completed it")
	}
	if _, err := l.CompleteLogout(t.Context(), p, server.SessionEnd{Subject: "alice"}); err == nil {
		t.Error("a logout without a session ended everything")
	}
	l.Clock.Move(10*time.Minute + time.Second)
	if _, err := l.PendingLogout(t.Context(), p.Handle()); err == nil {
		t.Error("the request does not expire")
	}
}

// Nobody is sent to a place that the client has given up since.
func TestLogoutAfterTheRegistrationChanged(t *testing.T) {
	proof.Of(t, "ATK-144")
	l := newLeaver(t)
	p := l.waiting(t, "control", l.ask(http.MethodGet, url.Values{"id_token_hint": {l.hint}, "post_logout_redirect_uri": {appBye}}))
	stored, err := l.Store.Client(t.Context(), l.client.ID)
	if err != nil {
		t.Fatal(err)
	}
	stored.Metadata = []byte(strings.Replace(string(stored.Metadata), appBye, "https://app.example.com/new", 1))
	if err := l.Store.ReplaceClient(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	if _, err := l.PendingLogout(t.Context(), p.Handle()); err == nil || !strings.Contains(err.Error(), "registration") {
		t.Errorf("err = %v", err)
	}
}

// A pairwise client's hint names the person as that client knows them.
func TestLogoutHintOfAPairwiseClient(t *testing.T) {
	f := newFixture(t, servertest.OpenID)
	c := f.Register(strings.NewReplacer("HOST", "app.example.com", "NAME", "Pairwise").Replace(pairwiseMetadata))
	p := f.waiting(t, "pairwise", f.ask(http.MethodGet, url.Values{"id_token_hint": {f.signIn(t, c, "alice", sid)}}))
	for subject, want := range map[string]bool{"alice": true, "bob": false} {
		if means, err := p.Means(t.Context(), subject); means != want || err != nil {
			t.Errorf("means %q: %t, %v", subject, means, err)
		}
	}
}

// By the endpoint alone nobody is signed out: it only asks, and what fetches ahead
// does not even that.
func TestLogoutRequestSignsNobodyOut(t *testing.T) {
	proof.Of(t, "ATK-34", "ATK-145", "OIDC-RPLO-2-10")
	l := newLeaver(t)
	session := store.Session{Digest: store.NewDigest(store.BrowserSession, "x"), ID: sid, Subject: "alice", AuthTime: l.Clock.Now(), CreatedAt: l.Clock.Now(), ExpiresAt: l.Clock.Now().Add(time.Hour)}
	if err := l.Store.CreateSession(t.Context(), session, store.Digest{}); err != nil {
		t.Fatal(err)
	}
	l.waiting(t, "no hint", l.ask(http.MethodGet, nil))
	p := l.waiting(t, "hint", l.ask(http.MethodGet, url.Values{"id_token_hint": {l.hint}}))
	if _, err := l.Store.Session(t.Context(), session.Digest); err != nil {
		t.Errorf("a request ended the session: %v", err)
	}
	for _, header := range []string{"Sec-Purpose", "Purpose", "X-Purpose"} {
		l.unchanged(t, header, func() {
			page(t, header, l.Get("/end_session", url.Values{"id_token_hint": {l.hint}}, func(r *http.Request) { r.Header.Set(header, "prefetch") }), http.StatusBadRequest)
		})
	}
	l.goes(t, "positive control", p, server.SessionEnd{Subject: "alice", SessionID: sid})
	if _, err := l.Store.Session(t.Context(), session.Digest); err == nil {
		t.Error("positive control: the session is there")
	}
}

// The metadata has the endpoint where there is one, and there is one where people
// can be signed in and out.
func TestLogoutEndpointIsPublished(t *testing.T) {
	proof.Of(t, "OIDC-RPLO-2.1-1", "OIDC-RPLO-2.1-2")
	for name, row := range map[string]struct {
		change []func(*server.Config)
		want   any
	}{
		"provider":    {[]func(*server.Config){servertest.OpenID}, servertest.Issuer + "/end_session"},
		"no provider": {nil, nil},
		"pages that sign out nobody": {[]func(*server.Config){servertest.OpenID, func(c *server.Config) {
			with := c.Interaction
			c.Interaction = func(s *server.Server) (server.Interaction, error) {
				i, err := with(s)
				return struct{ server.Interaction }{i}, err
			}
		}}, nil},
	} {
		f := newFixture(t, row.change...)
		metadata := servertest.Decode(t, f.Get("/.well-known/oauth-authorization-server", nil), http.StatusOK)
		if metadata["end_session_endpoint"] != row.want {
			t.Errorf("%s: %v", name, metadata["end_session_endpoint"])
		}
		if res := f.Get("/end_session", nil); (res.StatusCode == http.StatusSeeOther) != (row.want != nil) {
			t.Errorf("%s: status %d", name, res.StatusCode)
		}
	}
}
