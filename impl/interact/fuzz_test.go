package interact

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// FuzzSessionCookie is FUZZ-14: a session is presented by one well-formed cookie
// of the name, and its digest depends on every byte of it.
func FuzzSessionCookie(f *testing.F) {
	s := newSessions(memory.New(), newClock(), servertest.Issuer)
	value := seal.NewToken(seal.PrefixSession)
	for _, header := range []string{"", s.cookieName() + "=" + value, s.cookieName() + "=" + value + "; " + s.cookieName() + "=" + value, s.cookieName() + "=\"" + value + "\"",
		"charter-session=" + value, strings.ToLower(s.cookieName()) + "=" + value, s.cookieName() + "=" + value[:len(value)-1], "=;;" + s.cookieName()} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := &http.Request{Header: http.Header{"Cookie": {header}}}
		cookie := s.cookie(r)
		if cookie == "" {
			if s.presented(r) != nil {
				t.Errorf("%q presents a session without a cookie", header)
			}
			return
		}
		if named := cookies(header, s.cookieName()); len(named) != 1 || named[0] != cookie || len(s.presented(r)) != 1 || s.presented(r)[0] != s.digest(cookie) {
			t.Errorf("%q presents %q of %q", header, cookie, named)
		}
	})
}

// cookies is a second, simpler reading of a Cookie header: the session tokens
// under a name. What is no token cannot be a session, and does not count.
func cookies(header, name string) []string {
	var tokens []string
	for pair := range strings.SplitSeq(header, ";") {
		if n, value, _ := strings.Cut(strings.Trim(pair, " \t"), "="); n == name {
			if value = strings.Trim(value, "\" \t"); seal.WellFormed(seal.PrefixSession, value) {
				tokens = append(tokens, value)
			}
		}
	}
	return tokens
}

// FuzzParsePasswordHash: a stored hash costs no more than the bounds, whoever
// wrote it, and has one spelling.
func FuzzParsePasswordHash(f *testing.F) {
	const salt, hash = "c29tZXNhbHRzb21lc2FsdA", "RdescudvJCsgt3ub+b4dWRWJTmaaJObG"
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + hash)
	f.Add("$argon2id$v=19$m=4294967295,t=4294967295,p=255$" + salt + "$" + hash)
	f.Add("$argon2id$v=19$m=+1,t=0x2,p=1 $" + salt + "=$" + hash)
	f.Add("$argon2i$v=16$m=1,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, phc string) {
		h, err := parsePasswordHash(phc)
		if err != nil {
			if err != errHash {
				t.Errorf("the error is %v", err)
			}
			return
		}
		if h.cost.memory > maxCost.memory || h.cost.passes < 1 || h.cost.passes > maxCost.passes || h.cost.threads < 1 || h.cost.threads > maxCost.threads || len(h.hash) < 16 || len(h.salt) < 8 {
			t.Errorf("%q has the cost %+v", phc, h.cost)
		}
		if h.String() != phc {
			t.Errorf("%q is also %q", phc, h)
		}
	})
}

// FuzzPages is FUZZ-12 for people's forms: whatever is sent to a page, with the
// cookies of a browser in the middle of signing in, no answer is a failure of the
// server, frames, runs a script, or leads to a place that no client registered.
func FuzzPages(f *testing.F) {
	st, accounts := memory.New(), (*LocalAccounts)(nil)
	accounts = NewLocalAccounts(st)
	s := servertest.New(f, st, func(c *server.Config) {
		accounts.now = c.Now
		c.Logger, c.Events = slog.New(slog.DiscardHandler), nil // ten minutes of it
		c.Interaction = Pages(Config{Accounts: accounts, Store: st, Now: c.Now})
	})
	client := s.Public()
	for _, path := range []string{"/login", "/consent", "/logout", "/apps", "/authorize"} {
		for _, body := range []string{"", "request=chrq_x&csrf=y&username=alice&password=x", "decision=allow&scope=read&scope=admin", "decision=allow&decision=deny", "id=x&csrf=&%zz", "username=%00%ff"} {
			f.Add(http.MethodPost, path, body, "")
			f.Add(http.MethodGet, path, body, "en;q=0")
		}
	}
	f.Add(http.MethodGet, "/authorize", client.Request(nil).Encode(), "de-CH,de;q=0.9")
	f.Fuzz(func(t *testing.T, method, path, form, language string) {
		if method != http.MethodGet && method != http.MethodPost || !strings.HasPrefix(path, "/") {
			return
		}
		target, err := url.Parse(servertest.Issuer + path)
		if err != nil {
			return
		}
		begun := answer(t, s, httptest.NewRequest(http.MethodGet, servertest.Issuer+"/authorize?"+client.Request(nil).Encode(), nil)).Result()
		page, err := url.Parse(begun.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		form = strings.ReplaceAll(form, "chrq_x", page.Query().Get("request"))
		r := httptest.NewRequest(method, servertest.Issuer+"/", strings.NewReader(form))
		r.URL, r.Header = target, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept-Language": {language}}
		if method == http.MethodGet {
			r.URL.RawQuery = form
		}
		servertest.Cookies(begun)(r)
		w := answer(t, s, r)
		if w.Code >= http.StatusInternalServerError {
			t.Errorf("status %d", w.Code)
		}
		if to := w.Header().Get("Location"); to != "" && !strings.HasPrefix(to, "/") && !strings.HasPrefix(to, servertest.Issuer+"/") && !strings.HasPrefix(to, client.RedirectURI) {
			t.Errorf("leads to %q", to)
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(strings.ToLower(w.Body.String()), "<script") {
				t.Errorf("a page with the policy %q: %s", policy, w.Body)
			}
		}
	})
}

// FuzzUpstreamCallback: whatever comes back as the answer of the upstream
// provider, nobody is signed in by another state than the one that this browser
// was sent away with, and the answer leads to the client or to a page.
func FuzzUpstreamCallback(f *testing.F) {
	proof.Of(f, "GHSA-c2jp-c369-7pvx")
	var (
		b     *browser
		seen  *[]UpstreamAttempt
		state string // nobody has come back with it yet
	)
	anew := func(t testing.TB) {
		var p *place
		p, _, seen = upstreamPlace(t)
		b = p.browser()
		state = b.sentAway(nil)
	}
	anew(f)
	const sent = "STATE" // stands for the state that is good
	f.Add(sent, "alice", "", "")
	f.Add(sent, "", "", "access_denied")
	f.Add(sent, "alice", "https://evil.example", "server_error")
	f.Add(sent, "refused", "", "")
	f.Add(sent, "down", "", "\r\nLocation: x")
	f.Add(sent+".", "alice", "", "")
	f.Add("."+sent, "alice", "", "")
	f.Add("", "alice", "", "")
	f.Add("chrq_x.AA.AA", "alice", "", "")
	f.Fuzz(func(t *testing.T, given, code, iss, problem string) {
		given = strings.Replace(given, sent, state, 1)
		q := url.Values{"state": {given}}
		for name, value := range map[string]string{"code": code, "iss": iss, "error": problem} {
			if value != "" {
				q.Set(name, value)
			}
		}
		asked := len(*seen)
		r := httptest.NewRequest(http.MethodGet, servertest.Issuer+"/login/upstream?"+q.Encode(), nil)
		b.send(r)
		w := answer(t, b.Server, r)
		unavailable := given == state && w.Code == http.StatusServiceUnavailable && (code == "down" || problem == "server_error" || problem == "temporarily_unavailable")
		if w.Code >= http.StatusInternalServerError && !unavailable {
			t.Errorf("status %d", w.Code)
		}
		if to := w.Header().Get("Location"); to != "" && !strings.HasPrefix(to, b.client.RedirectURI) && !strings.HasPrefix(to, servertest.Issuer+"/") {
			t.Errorf("leads to %q", to)
		}
		in := w.Header().Get("Set-Cookie") != "" || len(*seen) > asked || w.Header().Get("Location") != ""
		if in && (given != state || code == "" && problem != "access_denied") {
			t.Errorf("state %q, code %q: answered %d, %v", given, code, w.Code, w.Header())
		}
		if given == state {
			anew(t)
		}
	})
}

// answer is what the server says to r, as the document has it.
func answer(t testing.TB, h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	openapitest.Handler(t, h).ServeHTTP(w, r)
	return w
}
