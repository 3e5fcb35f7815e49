package nthcall

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/servertest"
)

// An operation is one request that is sent in a world that setup has made.
type operation struct {
	name    string
	setup   func(*world)
	request func(*world) *http.Request
	good    int
	// again is what asking again is answered with where that is not good: by the
	// method and the class of the call that failed.
	again map[string]int
	// holds is what must be true after the failure; nil: nothing more.
	holds func(t *testing.T, w *world, c class)
	// ends is what must be true when it was asked again; nil: nothing more.
	ends  func(t *testing.T, w *world)
	calls int // at least so many
}

var operations = []operation{
	{name: "authorize", request: func(w *world) *http.Request { return get("/authorize", w.client.Request(nil)) }, good: 303, calls: 2},
	{name: "login page", setup: (*world).asked, request: func(w *world) *http.Request { return get("/login", url.Values{"request": {w.handle}}) }, good: 200, calls: 2},
	{name: "login", setup: (*world).loginForm, request: (*world).login, good: 303, calls: 3},
	{name: "consent page", setup: (*world).consentForm, request: func(w *world) *http.Request { return get("/consent", url.Values{"request": {w.handle}}) }, good: 200, calls: 3},
	{name: "allow", setup: (*world).consentForm, request: func(w *world) *http.Request { return w.consent("allow") }, good: 303, again: map[string]int{"ConsumeToken after": 400}, calls: 4},
	{name: "deny", setup: (*world).consentForm, request: func(w *world) *http.Request { return w.consent("deny") }, good: 303, again: map[string]int{"ConsumeToken after": 400}, calls: 3},
	{name: "code", setup: (*world).allowed, request: (*world).redeem, good: 200, again: map[string]int{"ConsumeToken after": 400}, calls: 3},
	{name: "code replayed", setup: (*world).signedIn, request: (*world).redeem, good: 400, holds: endsOrUnknown, calls: 3},
	{name: "refresh", setup: (*world).signedIn, request: func(w *world) *http.Request { return w.refreshes(w.refresh) }, good: 200, calls: 3},
	{name: "refresh retried", setup: (*world).rotated, request: func(w *world) *http.Request { return w.refreshes(w.refresh) }, good: 200, calls: 3},
	{name: "refresh reused", setup: (*world).reused, request: func(w *world) *http.Request { return w.refreshes(w.refresh) }, good: 400, holds: endsOrUnknown, calls: 3},
	{name: "client credentials", request: func(w *world) *http.Request {
		return post("/token", url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}}, w.machine.Auth())
	}, good: 200, calls: 2},
	{name: "introspect", setup: (*world).signedIn, request: func(w *world) *http.Request {
		return post("/introspect", url.Values{"token": {w.access}}, w.machine.Auth())
	}, good: 200, calls: 2},
	{name: "revoke", setup: (*world).signedIn, request: func(w *world) *http.Request {
		return post("/revoke", url.Values{"token": {w.refresh}, "client_id": {w.client.ID}})
	}, good: 200, holds: endsOrUnknown, calls: 3},
	{name: "userinfo", setup: (*world).signedIn, request: func(w *world) *http.Request {
		r := get("/userinfo", nil)
		servertest.Bearer(w.access)(r)
		return r
	}, good: 200, calls: 1},
	{name: "register", request: func(*world) *http.Request { return document(http.MethodPost, "/register", "New", "") }, good: 201, calls: 1},
	{name: "read registration", request: func(w *world) *http.Request {
		return document(http.MethodGet, "/register/"+w.client.ID, "", w.client.RegistrationToken)
	}, good: 200, calls: 2},
	{name: "update registration", setup: (*world).ownClient, request: func(w *world) *http.Request {
		return document(http.MethodPut, "/register/"+w.client.ID, "Changed", w.client.RegistrationToken)
	}, good: 200, calls: 3},
	{name: "delete registration", setup: (*world).ownClient, request: func(w *world) *http.Request {
		return document(http.MethodDelete, "/register/"+w.client.ID, "", w.client.RegistrationToken)
	}, good: 204, again: map[string]int{"ReplaceClient after": 401, "DeleteClient before": 401, "DeleteClient cancelled": 401, "DeleteClient after": 401}, ends: clientGone, calls: 3},
	{name: "apps", setup: (*world).signedIn, request: func(*world) *http.Request { return get("/apps", nil) }, good: 200, calls: 2},
	{name: "revoke an app", setup: (*world).seesApps, request: func(w *world) *http.Request {
		return post("/apps/revoke", url.Values{"csrf": {w.revokeCSRF}, "client_id": {w.client.ID}, "choice": {"one"}}, sameOrigin)
	}, good: 303, again: map[string]int{"RevokeGrants after": 400}, holds: endsOrUnknown, calls: 2},
	{name: "sign out", setup: (*world).seesApps, request: func(w *world) *http.Request {
		return post("/logout", url.Values{"csrf": {w.csrf}}, sameOrigin)
	}, good: 200, calls: 1},
	{name: "readiness", request: func(*world) *http.Request { return get("/readyz", nil) }, good: 200, calls: 1},
}

func (w *world) rotated() {
	w.signedIn()
	w.must(w.refreshes(w.refresh), 200)
}

func (w *world) reused() {
	w.signedIn()
	old := w.refresh
	w.learn(w.must(w.refreshes(old), 200))
	w.learn(w.must(w.refreshes(w.refresh), 200))
	w.refresh = old
}

func (w *world) seesApps() {
	w.signedIn()
	w.readForm(w.must(get("/apps", nil), 200))
}

// ownClient registers a client that nobody else shares.
func (w *world) ownClient() {
	w.client = w.Register(`{"client_name":"Own","redirect_uris":["https://own.example.com/cb"],"grant_types":["authorization_code"]}`)
}

func document(method, path, name, token string) *http.Request {
	body := ""
	if name != "" {
		id := strings.TrimPrefix(path, "/register/")
		if method == http.MethodPut {
			body = fmt.Sprintf(`{"client_id":%q,`, id)
		} else {
			body = "{"
		}
		body += fmt.Sprintf(`"client_name":%q,"redirect_uris":["https://own.example.com/cb"],"grant_types":["authorization_code"]}`, name)
	}
	r := httptest.NewRequest(method, servertest.Issuer+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		servertest.Bearer(token)(r)
	}
	return r
}

// endsOrUnknown: whoever was told 503 knows nothing; but a call that did not
// happen has ended nothing.
func endsOrUnknown(t *testing.T, w *world, c class) {
	if c != after && !w.live(w.access) {
		t.Error("the grant has ended, though the store had failed")
	}
}

// clientGone: a deletion that failed half-way has closed the client, which from
// then on is answered as one that does not exist (RFC 7592 §2.3).
func clientGone(t *testing.T, w *world) {
	if x := w.send(get("/authorize", w.client.Request(nil))); x.status != 400 {
		t.Errorf("the client that was deleted is answered %d", x.status)
	}
}

// nobodysCalls fail without anybody being told: what they note is noted by the
// next use.
var nobodysCalls = []string{"RenewClient", "Record"}

// REL-7, REL-9, REL-12, REL-I9, REL-I11, ATK-70, CVE-2020-15223: every store call of every
// operation fails once, in each way.
func TestEveryCallFails(t *testing.T) {
	total := 0
	for _, o := range operations {
		for _, c := range []class{before, after, cancelled} {
			n := 1
			for ; o.fails(t, n, c); n++ {
				total++
			}
			if n-1 < o.calls {
				t.Errorf("%s makes %d store calls; %d were expected", o.name, n-1, o.calls)
			}
		}
	}
	t.Logf("%d failures in %d operations", total, len(operations))
}

// fails lets the nth call fail, and reports whether there was one.
func (o operation) fails(t *testing.T, n int, c class) bool {
	w := newWorld(t)
	defer w.Close()
	if o.setup != nil {
		o.setup(w)
	}
	w.store.arm(n, c)
	got := w.send(o.request(w))
	w.store.heal()
	name := fmt.Sprintf("%s, call %d (%s) fails %s", o.name, n, w.store.failed, c)
	if w.store.failed == "" {
		if got.status != o.good {
			t.Errorf("%s: status %d without a failure: %s", o.name, got.status, got.body)
		}
		return false
	}
	if slices.Contains(nobodysCalls, w.store.failed) {
		if got.status != o.good {
			t.Errorf("%s: status %d: %s", name, got.status, got.body)
		}
		return true
	}
	unavailable(t, name, got)
	if o.holds != nil {
		o.holds(t, w, c)
	}
	want, ok := o.again[w.store.failed+" "+c.String()]
	if !ok {
		want = o.good
	}
	if again := w.send(o.request(w)); again.status != want {
		t.Errorf("%s: asking again is answered %d, want %d: %s", name, again.status, want, again.body)
	}
	if o.ends != nil {
		o.ends(t, w)
	}
	return true
}

// unavailable sees that an answer says 503 and nothing else.
func unavailable(t *testing.T, name string, got exchange) {
	t.Helper()
	if strings.Contains(got.header.Get("Location"), "?error=temporarily_unavailable&") {
		return // how a client learns it from the authorization endpoint (RFC 6749 §4.1.2.1)
	}
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("%s: status %d, Retry-After %q: %s", name, got.status, got.header.Get("Retry-After"), got.body)
	}
	if got.header.Get("Location") != "" || got.header.Get("WWW-Authenticate") != "" {
		t.Errorf("%s: goes to %q, challenges %q", name, got.header.Get("Location"), got.header.Get("WWW-Authenticate"))
	}
	for _, secret := range []string{"db.internal", "refused", "store:", "canceled", "chat_", "chrt_", "chac_"} {
		if strings.Contains(got.body, secret) {
			t.Errorf("%s: the answer has %q: %s", name, secret, got.body)
		}
	}
}
