package protect_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/protect"
)

// live is a good introspection response (RFC 7662 §2.2), expiring at start + 1 h.
var live = fmt.Sprintf(`{"active":true,"iss":%q,"sub":"alice","client_id":"app","scope":"read write","aud":%q,"token_type":"Bearer","exp":%d,"iat":%d,"auth_time":%d,"x":[1]}`,
	issuer, resource, start.Add(time.Hour).Unix(), start.Unix(), start.Unix())

// An authorizationServer answers introspection as the test says.
type authorizationServer struct {
	asked  atomic.Int64
	answer func(w http.ResponseWriter, r *http.Request)
}

func (s *authorizationServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	s.answer(w, r)
}

// says answers with JSON.
func says(body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

// introspected guards the resource by asking s.
func introspected(t testing.TB, s http.Handler, c *clock, change ...func(*protect.IntrospectionConfig)) http.Handler {
	t.Helper()
	conf := protect.IntrospectionConfig{
		Endpoint: issuer + "/introspect", Issuer: issuer, ClientID: "api", ClientSecret: "secret",
		HTTPClient: served(s), Now: c.Now,
	}
	for _, f := range change {
		f(&conf)
	}
	v, err := protect.Introspection(conf)
	if err != nil {
		t.Fatal(err)
	}
	g := config(v)
	g.Now = c.Now
	return guard(t, g).Handler(hello)
}

// TestIntrospectionAnswers: an answer that is none is 503, never 200; "not good"
// is 401.
func TestIntrospectionAnswers(t *testing.T) {
	proof.Of(t, "CVE-2026-11717", "ATK-71")
	edit := func(old, new string) string {
		if !strings.Contains(live, old) {
			t.Fatalf("%q is not in the good answer", old)
		}
		return strings.Replace(live, old, new, 1)
	}
	html := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, live)
	}
	status := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, live)
		}
	}
	for _, c := range []struct {
		id     string
		answer func(http.ResponseWriter, *http.Request)
		status int
	}{
		{"the control", says(live), 200},
		{"spaces around", says(" \n" + live + "\n "), 200},
		{"audience as a list", says(edit(`"aud":"`+resource+`"`, `"aud":["https://other.example.com","`+resource+`"]`)), 200},
		{"no issuer", says(edit(`"iss":"`+issuer+`",`, ``)), 200},
		{"null is absent", says(edit(`"iss":"`+issuer+`"`, `"iss":null`)), 200},
		{"expiry with a fraction", says(edit(`"exp":`, `"nbf":1.5,"exp":`)), 200},
		{"type in another case", says(edit(`"Bearer"`, `"bearer"`)), 200},

		{"CVE-2026-11717 inactive", says(`{"active":false}`), 401},
		{"inactive with all the rest", says(edit(`"active":true`, `"active":false`)), 401},
		{"CVE-2026-11718 no audience", says(edit(`"aud":"`+resource+`",`, ``)), 401},
		{"ATK-71 another resource", says(edit(resource, "https://other.example.com")), 401},
		{"GHSA-qvp4 another issuer", says(edit(`"iss":"`+issuer, `"iss":"https://evil.example.com`)), 401},
		{"another type", says(edit(`"Bearer"`, `"DPoP"`)), 401},
		{"a refresh token: no type", says(edit(`"token_type":"Bearer",`, ``)), 401},
		{"sender-constrained (RFC 9449 §7.2)", says(edit(`"x":`, `"cnf":{"jkt":"a"},"x":`)), 401},
		{"expired", says(edit(fmt.Sprint(start.Add(time.Hour).Unix()), fmt.Sprint(start.Unix()))), 401},
		{"not yet", says(edit(`"exp":`, fmt.Sprintf(`"nbf":%d,"exp":`, start.Unix()+1))), 401},
		{"scope", says(edit("read write", "write")), 403},

		{"CVE-2026-11717 HTML", html, 503},
		{"500", status(500), 503},
		{"401: our credentials", status(401), 503},
		{"201", status(201), 503},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/introspect" {
				http.Redirect(w, r, issuer+"/other", http.StatusTemporaryRedirect)
				return
			}
			says(live)(w, r) // for who follows
		}, 503},
		{"no body", says(""), 503},
		{"null", says("null"), 503},
		{"array", says("[" + live + "]"), 503},
		{"cut", says(live[:len(live)-1]), 503},
		{"two documents", says(live + live), 503},
		{"trailing text", says(live + "x"), 503},
		{"no active", says(edit(`"active":true,`, ``)), 503},
		{"active null", says(edit(`true`, `null`)), 503},
		{"active is text", says(edit(`true`, `"true"`)), 503},
		{"active is a number", says(edit(`true`, `1`)), 503},
		{"active in another case", says(edit(`"active"`, `"Active"`)), 503},
		{"active twice", says(edit(`"active":true`, `"active":false,"active":true`)), 503},
		{"active in two cases", says(edit(`"active":true`, `"ACTIVE":false,"active":true`)), 503},
		{"scope is a list", says(edit(`"read write"`, `["read"]`)), 503},
		{"scope is malformed", says(edit(`"read write"`, `"read  write"`)), 503},
		{"expiry is text", says(edit(`"exp":`, `"nbf":"1","exp":`)), 503},
		{"expiry below zero", says(edit(`"exp":`, `"nbf":-1,"exp":`)), 503},
		{"expiry after 9999", says(edit(fmt.Sprint(start.Add(time.Hour).Unix()), "253402300800")), 503},
		{"expiry at the end of 9999", says(edit(fmt.Sprint(start.Add(time.Hour).Unix()), "253402300799")), 200},
		{"audience is a number", says(edit(`"aud":"`+resource+`"`, `"aud":7`)), 503},
		{"not UTF-8", says(edit("alice", "a\xff")), 503},
		{"too large", says(live + strings.Repeat(" ", 64<<10)), 503},
		{"two types", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Content-Type", "application/json")
			w.Header().Add("Content-Type", "text/html")
			_, _ = io.WriteString(w, live)
		}, 503},
	} {
		res := call(introspected(t, &authorizationServer{answer: c.answer}, newClock()), "Bearer t")
		if res.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d", c.id, res.StatusCode, c.status)
		}
	}
}

// TestIntrospectionSlow: who hangs is no answer, and nobody waits for long.
func TestIntrospectionSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &authorizationServer{answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		hang := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		h := introspected(t, s, newClock(), func(c *protect.IntrospectionConfig) { c.HTTPClient = hang })
		begin := time.Now()
		res := call(h, "Bearer t")
		if took := time.Since(begin); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || took > 5*time.Second {
			t.Errorf("status %d after %v", res.StatusCode, took)
		}
	})
}

// TestIntrospectionRequest is RFC 7662 §2.1 with the client authentication of RFC
// 6749 §2.3.1.
func TestIntrospectionRequest(t *testing.T) {
	s := &authorizationServer{answer: func(w http.ResponseWriter, r *http.Request) {
		id, secret, ok := r.BasicAuth()
		if !ok || id != "https%3A%2F%2Fapi.example.com%2Fa" || secret != "s%3A%2B%25+%C3%A9" {
			t.Errorf("authenticated as %q, %q", id, secret)
		}
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || string(body) != "token=a%2Bb&token_type_hint=access_token" ||
			r.URL.RawQuery != "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Header.Get("Accept") != "application/json" {
			t.Errorf("%s %s %s %v", r.Method, r.URL, body, r.Header)
		}
		says(live)(w, r)
	}}
	h := introspected(t, s, newClock(), func(c *protect.IntrospectionConfig) {
		c.ClientID, c.ClientSecret = "https://api.example.com/a", "s:+% é"
	})
	if res := call(h, "Bearer a+b"); res.StatusCode != 200 {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestIntrospectionWithoutTokenType(t *testing.T) {
	s := &authorizationServer{answer: says(strings.Replace(live, `"token_type":"Bearer",`, "", 1))}
	h := introspected(t, s, newClock(), func(c *protect.IntrospectionConfig) { c.InsecureNoTokenType = true })
	if res := call(h, "Bearer t"); res.StatusCode != 200 {
		t.Errorf("status %d", res.StatusCode)
	}
}

// TestIntrospectionCache: how often the server is asked, and until when it is
// believed.
func TestIntrospectionCache(t *testing.T) {
	proof.Of(t, "RFC7662-4-11")
	shortLived := strings.Replace(live, fmt.Sprint(start.Add(time.Hour).Unix()), fmt.Sprint(start.Add(4*time.Second).Unix()), 1)
	for _, c := range []struct {
		id       string
		cacheFor time.Duration
		answer   string
		wait     time.Duration
		asked    int64 // by two calls with the wait between them
	}{
		{"within the default", 0, live, 10*time.Second - 1, 1},
		{"after the default", 0, live, 10 * time.Second, 2},
		{"within the longest", 30 * time.Second, live, 30*time.Second - 1, 1},
		{"after the longest", 30 * time.Second, live, 30 * time.Second, 2},
		{"off", -1, live, 0, 2},
		{"without exp", 0, strings.Replace(live, fmt.Sprintf(`"exp":%d,`, start.Add(time.Hour).Unix()), "", 1), 10*time.Second - 1, 1},
		{"not beyond exp (RFC 7662 §4)", 0, shortLived, 4 * time.Second, 2},
		{"until exp", 0, shortLived, 4*time.Second - 1, 1},
		{"not good, for a moment", 0, `{"active":false}`, 5*time.Second - 1, 1},
		{"not good, later", 0, `{"active":false}`, 5 * time.Second, 2},
		{"not good, shorter than the cache", time.Second, `{"active":false}`, time.Second, 2},
		{"a failure is not kept", 0, `x`, 0, 2},
	} {
		s, now := &authorizationServer{answer: says(c.answer)}, newClock()
		h := introspected(t, s, now, func(conf *protect.IntrospectionConfig) { conf.CacheFor = c.cacheFor })
		call(h, "Bearer t")
		now.Move(c.wait)
		call(h, "Bearer t")
		if got := s.asked.Load(); got != c.asked {
			t.Errorf("%s: asked %d times, want %d", c.id, got, c.asked)
		}
	}
}

// TestIntrospectionCountsFromTheQuestion: an answer on its way while the token is
// revoked is believed no longer than one that came at once.
func TestIntrospectionCountsFromTheQuestion(t *testing.T) {
	now := newClock()
	s := &authorizationServer{answer: func(w http.ResponseWriter, r *http.Request) {
		now.Move(4 * time.Second)
		says(live)(w, r)
	}}
	h := introspected(t, s, now)
	call(h, "Bearer t") // asked at 0, answered at 4
	now.Move(6 * time.Second)
	call(h, "Bearer t")
	if s.asked.Load() != 2 {
		t.Errorf("asked %d times", s.asked.Load())
	}
}

// TestCacheHoldsNoVerdicts is CVE-2026-33496: another demand on the same token
// gets its own verdict, whoever filled the cache.
func TestCacheHoldsNoVerdicts(t *testing.T) {
	proof.Of(t, "CVE-2026-33496")
	s, now := &authorizationServer{answer: says(live)}, newClock()
	v, err := protect.Introspection(protect.IntrospectionConfig{
		Endpoint: issuer + "/introspect", Issuer: issuer, ClientID: "api", ClientSecret: "secret", HTTPClient: served(s), Now: now.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		id     string
		change func(*protect.Config)
		status int
	}{
		{"the control", func(*protect.Config) {}, 200},
		{"another scope", func(c *protect.Config) { c.Scopes = []string{"admin"} }, 403},
		{"another resource", func(c *protect.Config) { c.Resource = "https://other.example.com" }, 401},
		{"the control again", func(*protect.Config) {}, 200},
	} {
		conf := config(v)
		c.change(&conf)
		if res := call(guard(t, conf).Handler(hello), "Bearer t"); res.StatusCode != c.status {
			t.Errorf("%s: status %d", c.id, res.StatusCode)
		}
	}
	if s.asked.Load() != 1 {
		t.Errorf("asked %d times: the cache was not in use", s.asked.Load())
	}
}

// TestHandlersCannotChangeTheCache: what a handler does to its identity stays its
// own.
func TestHandlersCannotChangeTheCache(t *testing.T) {
	s, now := &authorizationServer{answer: says(live)}, newClock()
	v, err := protect.Introspection(protect.IntrospectionConfig{
		Endpoint: issuer + "/introspect", Issuer: issuer, ClientID: "api", ClientSecret: "secret", HTTPClient: served(s), Now: now.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // the first fills the cache, the second comes from it
		i, err := v.Verify(t.Context(), "t")
		if err != nil || i.Scopes[0] != "read" || i.Audience[0] != resource || string(i.Claims["x"]) != "[1]" || i.Claims["y"] != nil {
			t.Fatalf("%+v, %v", i, err)
		}
		i.Scopes[0], i.Audience[0], i.Claims["x"][0] = "admin", "changed", '{'
		i.Claims["y"] = []byte("1")
	}
}

// TestConcurrentRequestsShareAQuestion also looks for races in the cache.
func TestConcurrentRequestsShareAQuestion(t *testing.T) {
	const callers = 32
	var waiting sync.WaitGroup
	waiting.Add(callers)
	s := &authorizationServer{answer: func(w http.ResponseWriter, r *http.Request) {
		waiting.Wait()
		says(live)(w, r)
	}}
	h := introspected(t, s, newClock())
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			waiting.Done()
			if res := call(h, "Bearer t"); res.StatusCode != 200 {
				t.Errorf("status %d", res.StatusCode)
			}
		})
	}
	all.Wait()
	if s.asked.Load() != 1 {
		t.Errorf("asked %d times", s.asked.Load())
	}
}

// TestRevocationUnderLoad: while many ask about many tokens, a token is refused
// once its answer is older than the bound, whatever is under way.
func TestRevocationUnderLoad(t *testing.T) {
	var revoked atomic.Bool
	now := newClock()
	s := &authorizationServer{answer: func(w http.ResponseWriter, r *http.Request) {
		if revoked.Load() {
			says(`{"active":false}`)(w, r)
			return
		}
		says(live)(w, r)
	}}
	h := introspected(t, s, now)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				call(h, fmt.Sprintf("Bearer t%d", i%4))
			}
		})
	}
	all.Wait()
	revoked.Store(true)
	now.Move(10 * time.Second)
	for i := range 4 {
		if res := call(h, fmt.Sprintf("Bearer t%d", i)); res.StatusCode != 401 {
			t.Errorf("t%d: status %d", i, res.StatusCode)
		}
	}
}
