package upstream

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/jose"
)

// A liar is a provider whose answers a test decides.
type liar struct {
	*httptest.Server
	key      *jose.Key
	claims   map[string]any // of the ID Token; nil: there is none
	unsigned bool           // the ID Token has alg none
	other    bool           // it is signed by a key that is not published
	info     string         // sub of UserInfo
	status   int            // of the token endpoint
	silent   bool           // its metadata do not promise iss (RFC 9207 §3)
	noInfo   bool           // it has no UserInfo endpoint
	kind     string         // token_type
	down     bool           // nothing is there but trouble
	hits     int            // requests for its metadata
	asked    url.Values     // the last token request
}

func newLiar(t *testing.T) *liar {
	t.Helper()
	key, err := jose.Generate("RS256")
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{key: key}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	l.honest()
	return l
}

var attempt = interact.UpstreamAttempt{
	State: "state", Nonce: "nonce-of-this-browser", CodeVerifier: strings.Repeat("v", 43), RedirectURI: "https://auth.example.com/login/upstream",
}

func (l *liar) honest() {
	l.claims = map[string]any{
		"iss": l.URL, "sub": "248289761001", "aud": "charter", "nonce": attempt.Nonce,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	l.unsigned, l.other, l.info, l.status = false, false, "248289761001", http.StatusOK
	l.silent, l.noInfo, l.kind, l.down = false, false, "Bearer", false
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	var answer any
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		if l.hits++; l.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		about := map[string]any{
			"issuer": l.URL, "authorization_endpoint": l.URL + "/authorize", "token_endpoint": l.URL + "/token", "jwks_uri": l.URL + "/jwks",
			"userinfo_endpoint": l.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256"},
			"authorization_response_iss_parameter_supported": !l.silent,
		}
		if l.noInfo {
			delete(about, "userinfo_endpoint")
		}
		answer = about
	case "/jwks":
		answer = map[string]any{"keys": []jose.PublicKey{l.key.Public()}}
	case "/userinfo":
		answer = map[string]any{"sub": l.info, "email": "jane@example.org"}
	case "/token":
		_ = r.ParseForm()
		l.asked = r.PostForm
		w.WriteHeader(l.status)
		if answer = map[string]any{"access_token": "at", "token_type": l.kind, "id_token": l.idToken()}; l.status != http.StatusOK {
			answer = map[string]any{"error": "invalid_grant"}
		}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (l *liar) idToken() string {
	if l.claims == nil {
		return ""
	}
	if l.unsigned {
		body, _ := json.Marshal(l.claims)
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(body) + "."
	}
	key := l.key
	if l.other {
		key, _ = jose.Generate("RS256")
	}
	token, _ := key.Sign("JWT", l.claims)
	return token
}

func (l *liar) set(name string, value any) func() {
	return func() { l.claims = maps.Clone(l.claims); l.claims[name] = value }
}

// Whom a provider names is taken only from an ID Token that is its own, for us, of
// this sign-in; everything else signs nobody in, and nobody is linked.
func TestIDTokenIsChecked(t *testing.T) {
	l := newLiar(t)
	linked := 0
	up, err := OpenID(Config{Issuer: l.URL, ClientID: "charter", ClientSecret: "secret", Link: func(_ context.Context, issuer, subject string, claims json.RawMessage) (interact.Identity, error) {
		linked++
		if issuer != l.URL || subject != "248289761001" || !strings.Contains(string(claims), "jane@example.org") {
			t.Errorf("linked %q of %q with %s", subject, issuer, claims)
		}
		return interact.Identity{Subject: "u_1"}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	answer := interact.UpstreamAnswer{Code: "code", Issuer: l.URL}
	refused, down := interact.ErrUpstreamRefused, interact.ErrUpstreamUnavailable
	for _, row := range []struct {
		name   string
		lie    func()
		answer interact.UpstreamAnswer
		want   error
	}{
		{"another sign-in", l.set("nonce", "nonce-of-another"), answer, refused},
		{"no nonce", l.set("nonce", ""), answer, refused},
		{"another issuer", l.set("iss", "https://evil.example"), answer, refused},
		{"another client", l.set("aud", "other"), answer, refused},
		{"several audiences, no azp", l.set("aud", []string{"charter", "other"}), answer, refused},
		{"another party", l.set("azp", "other"), answer, refused},
		{"expired", l.set("exp", time.Now().Add(-time.Hour).Unix()), answer, refused},
		{"no subject", func() { l.set("sub", "")(); l.info = "" }, answer, refused},
		{"another access token", l.set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), answer, refused},
		{"alg none", func() { l.unsigned = true }, answer, refused},
		{"another key", func() { l.other = true }, answer, refused},
		{"no ID Token", func() { l.claims = nil }, answer, refused},
		{"UserInfo of another", func() { l.info = "somebody else" }, answer, refused},
		{"a code that is not good", func() { l.status = http.StatusBadRequest }, answer, refused},
		{"a provider in trouble", func() { l.status = http.StatusBadGateway }, answer, down},
		{"an answer of another server", func() {}, interact.UpstreamAnswer{Code: "code", Issuer: "https://evil.example"}, refused},
		{"an answer without iss", func() {}, interact.UpstreamAnswer{Code: "code"}, refused},
	} {
		l.honest()
		row.lie()
		if _, err := up.SignIn(t.Context(), attempt, row.answer); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
	if linked != 0 {
		t.Fatalf("%d people were linked", linked)
	}
	l.honest()
	if id, err := up.SignIn(t.Context(), attempt, answer); err != nil || id.Subject != "u_1" || linked != 1 {
		t.Errorf("positive control: %+v, %v", id, err)
	}
	// Several audiences do where we are the party, and an access token that is bound.
	l.set("aud", []string{"charter", "other"})()
	l.set("azp", "charter")()
	sum := sha256.Sum256([]byte("at"))
	l.set("at_hash", base64.RawURLEncoding.EncodeToString(sum[:16]))()
	if id, err := up.SignIn(t.Context(), attempt, answer); err != nil || id.Subject != "u_1" || linked != 2 {
		t.Errorf("positive control of azp and at_hash: %+v, %v", id, err)
	}
	if l.asked.Get("code_verifier") != attempt.CodeVerifier || l.asked.Get("redirect_uri") != attempt.RedirectURI || l.asked.Has("client_secret") {
		t.Errorf("the code was redeemed with %v", l.asked)
	}
}

// A provider that promises no iss may send none, and no other; one without
// UserInfo, or with access tokens of another kind, is not asked there; and the clock
// is the configured one.
func TestOtherProviders(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*liar)
		iss    string
		ahead  time.Duration
		email  bool
		want   error
	}{
		"no iss":               {func(l *liar) { l.silent = true }, "", 0, true, nil},
		"no iss, another's":    {func(l *liar) { l.silent = true }, "https://evil.example", 0, false, interact.ErrUpstreamRefused},
		"no iss, its own":      {func(l *liar) { l.silent = true }, "own", 0, true, nil},
		"no UserInfo":          {func(l *liar) { l.noInfo = true }, "own", 0, false, nil},
		"tokens that are DPoP": {func(l *liar) { l.kind = "DPoP" }, "own", 0, false, nil},
		"a clock ahead":        {func(*liar) {}, "own", time.Hour, false, interact.ErrUpstreamRefused},
	} {
		l := newLiar(t)
		c.change(l)
		if c.iss == "own" {
			c.iss = l.URL
		}
		told := ""
		up, err := OpenID(Config{Issuer: l.URL, ClientID: "charter", Now: func() time.Time { return time.Now().Add(c.ahead) },
			Link: func(_ context.Context, _, _ string, claims json.RawMessage) (interact.Identity, error) {
				told = string(claims)
				return interact.Identity{Subject: "u_1"}, nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = up.SignIn(t.Context(), attempt, interact.UpstreamAnswer{Code: "code", Issuer: c.iss})
		if c.want == nil && err != nil || !errors.Is(err, c.want) || (told != "") != (c.want == nil) || strings.Contains(told, "jane@example.org") != c.email {
			t.Errorf("%s: %v, want %v; told %s", name, err, c.want, told)
		}
	}
}

// A provider in trouble is asked once in a while, and not again once it answered.
func TestProviderIsLeftAlone(t *testing.T) {
	now := time.Now()
	l := newLiar(t)
	l.down = true
	up, err := OpenID(Config{Issuer: l.URL, ClientID: "charter", Link: interact.NewLinkedAccounts(nil).Link, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after time.Duration
		down  bool
		hits  int
	}{{0, true, 1}, {retryAfter - 1, true, 1}, {1, true, 2}, {retryAfter, false, 3}, {time.Hour, false, 3}} {
		now, l.down = now.Add(step.after), step.down
		if _, err := up.Begin(t.Context(), attempt); (err != nil) != step.down || l.hits != step.hits {
			t.Errorf("after %v more: %d requests, want %d (%v)", step.after, l.hits, step.hits, err)
		}
	}
}

// The request carries what binds the answer to this browser.
func TestBegin(t *testing.T) {
	l := newLiar(t)
	up, err := OpenID(Config{Issuer: l.URL, ClientID: "charter", Link: interact.NewLinkedAccounts(nil).Link})
	if err != nil {
		t.Fatal(err)
	}
	a := attempt
	a.Prompt, a.LoginHint = "login", "jane"
	at, err := up.Begin(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"state": a.State, "nonce": a.Nonce, "redirect_uri": a.RedirectURI, "code_challenge_method": "S256", "prompt": "login",
		"login_hint": "jane", "scope": "openid profile email", "response_type": "code", "client_id": "charter",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	if strings.Contains(at, a.CodeVerifier) || q.Get("code_challenge") == "" {
		t.Errorf("the verifier is in %s, or no challenge", at)
	}
}

// A provider that does not answer is left alone for a while, and then asked again.
func TestProviderDown(t *testing.T) {
	now := time.Now()
	l := newLiar(t)
	at := l.URL
	l.Close()
	up, err := OpenID(Config{Issuer: at, ClientID: "charter", Link: interact.NewLinkedAccounts(nil).Link, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := up.Begin(t.Context(), attempt); !errors.Is(err, interact.ErrUpstreamUnavailable) {
			t.Errorf("%v, want %v", err, interact.ErrUpstreamUnavailable)
		}
		now = now.Add(time.Minute)
	}
}

func TestConfig(t *testing.T) {
	link := interact.NewLinkedAccounts(nil).Link
	for name, c := range map[string]Config{
		"http": {Issuer: "http://accounts.example.org", ClientID: "c", Link: link}, "http on another machine": {Issuer: "http://10.0.0.1", ClientID: "c", Link: link}, "no host": {Issuer: "https:///x", ClientID: "c", Link: link}, "no URL": {Issuer: "accounts", ClientID: "c", Link: link},
		"no client": {Issuer: "https://accounts.example.org", Link: link}, "no link": {Issuer: "https://accounts.example.org", ClientID: "c"},
	} {
		if _, err := OpenID(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, issuer := range []string{"https://accounts.example.org", "http://127.0.0.1:8080", "http://[::1]", "http://localhost"} {
		if up, err := OpenID(Config{Issuer: issuer, ClientID: "c", Link: link}); err != nil || up.Name != strings.SplitN(issuer, "/", 4)[2] {
			t.Errorf("positive control: %s: %v", issuer, err)
		}
	}
	if up, err := OpenID(Config{Issuer: "https://accounts.example.org", ClientID: "c", Link: link, Name: "Accounts"}); err != nil || up.Name != "Accounts" {
		t.Errorf("named %+v, %v", up, err)
	}
}
