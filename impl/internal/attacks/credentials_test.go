package attacks_test

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store/memory"
)

// open are the operations that ask for no credentials of a client or a token. The
// pages ask for the browser's cookies and for what their forms carry.
var open = []string{
	"appsPage", "authorizationServerMetadata", "authorize", "authorizePost", "checkSession", "chooseAccount", "consent", "consentPage", "healthz", "jwks", "login", "loginPage",
	"logout", "logoutPage", "openIDConfiguration", "protectedResourceMetadata", "protectedResourceMetadataForPath", "readyz", "register", "requestLogout", "requestLogoutPost", "revokeApps", "signUp", "signUpPage", "upstreamCallback",
}

// Every operation with a security requirement refuses who has no credentials, or
// has something else in their place; which operations have none is written here,
// so that none loses its requirement unseen.
func TestEveryOperationAsksForItsCredentials(t *testing.T) {
	proof.Of(t, "CVE-2026-41427", "FUZZ-12")
	w := newWorld(t, memory.New())
	owner := w.Confidential()
	bodies := map[string]string{}
	for _, r := range w.requests() {
		form := maps.Clone(r.form)
		form.Del("client_id")
		form.Del("access_token")
		bodies[r.op] = form.Encode()
	}
	var without []string
	for _, op := range gen.Operations {
		if len(op.Security) == 0 || slices.ContainsFunc(op.Security, func(all []string) bool { return len(all) == 0 }) {
			without = append(without, op.ID)
			continue
		}
		path := strings.NewReplacer("{client_id}", owner.ID).Replace(op.Path)
		for name, header := range w.elses(owner) {
			r := httptest.NewRequest(op.Method, servertest.Issuer+path, strings.NewReader(bodies[op.ID]))
			if maps.Copy(r.Header, header); op.Method == http.MethodPost {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			} else {
				r.Header.Set("Content-Type", "application/json")
			}
			before := w.state()
			res := w.Do(r)
			if !slices.Contains([]int{400, 401, 403}, res.StatusCode) || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s with %s: %d, Cache-Control %q", op.ID, name, res.StatusCode, res.Header.Get("Cache-Control"))
			}
			if (res.StatusCode != http.StatusBadRequest) != (res.Header.Get("WWW-Authenticate") != "") {
				t.Errorf("%s with %s: %d, WWW-Authenticate %q", op.ID, name, res.StatusCode, res.Header.Get("WWW-Authenticate"))
			}
			unchanged(t, op.ID+" with "+name, w, before)
		}
	}
	slices.Sort(without)
	if !slices.Equal(without, open) {
		t.Errorf("operations without a security requirement: %q, want %q", without, open)
	}
	// The controls.
	for _, r := range w.requests() {
		w.succeeds(r)
	}
	res := w.Get(gen.PathRegister+"/"+owner.ID, nil, servertest.Bearer(owner.RegistrationToken))
	if res.StatusCode != http.StatusOK {
		t.Errorf("control: %d", res.StatusCode)
	}
}

// elses are headers with no credentials, broken ones, and those of others.
func (w *world) elses(owner servertest.Client) map[string]http.Header {
	authorization := func(values ...string) http.Header { return http.Header{"Authorization": values} }
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	access := w.Token(w.app, w.app.Exchange(w.Code(w.app, nil), nil)).Access
	return map[string]http.Header{
		"nothing":                       nil,
		"an empty header":               authorization(""),
		"a scheme alone":                authorization("Basic"),
		"no base64":                     authorization("Basic !!!"),
		"an unknown client":             authorization(basic("nobody:secret")),
		"a public client":               authorization(basic(w.app.ID + ":")),
		"a wrong secret":                authorization(basic(w.machine.ID + ":wrong")),
		"another client's secret":       authorization(basic(owner.ID + ":" + w.machine.Secret)),
		"two headers":                   authorization(basic(w.machine.ID+":"+w.machine.Secret), basic(w.machine.ID+":"+w.machine.Secret)),
		"an access token":               authorization("Bearer " + access), // without scope openid
		"an access token as a secret":   authorization(basic(w.machine.ID + ":" + access)),
		"a registration token as Basic": authorization("Basic " + owner.RegistrationToken),
		"a secret as a bearer token":    authorization("Bearer " + w.machine.Secret),
		"another scheme":                authorization("Negotiate YII="),
		"DPoP":                          authorization("DPoP " + access),
		"another header":                {"Proxy-Authorization": {basic(w.machine.ID + ":" + w.machine.Secret)}},
		"a certificate in a header": {
			"X-Ssl-Client-Cert": {"x"}, "X-Client-Cert": {"x"}, "X-Forwarded-Client-Cert": {"Subject=\"CN=" + w.machine.ID + "\""}, "Client-Cert": {":x:"},
			"Ssl-Client-Verify": {"SUCCESS"}, "X-Ssl-Client-Verify": {"SUCCESS"}, "X-Client-Id": {w.machine.ID}, "X-Remote-User": {w.machine.ID},
		},
	}
}

func unchanged(t *testing.T, what string, w *world, before map[string][]string) {
	t.Helper()
	for kind, records := range w.state() {
		if kind != "events" && kind != "counters" && !slices.Equal(records, before[kind]) {
			t.Errorf("%s changed the %s", what, kind)
		}
	}
}

// A client-certificate header proves nothing, whoever sends it.
func TestCertificateHeaders(t *testing.T) {
	proof.Of(t, "CVE-2024-9666")
	w := newWorld(t, memory.New())
	form := map[string][]string{"grant_type": {"client_credentials"}, "client_id": {w.machine.ID}}
	header := w.elses(w.machine)["a certificate in a header"]
	if len(header) < 8 {
		t.Fatal("no headers")
	}
	servertest.Refused(t, w.posts(gen.PathToken, form, header), http.StatusUnauthorized, "invalid_client")
	maps.Copy(header, w.basic())
	if res := w.posts(gen.PathToken, form, header); res.StatusCode != http.StatusOK {
		t.Errorf("control: %d", res.StatusCode)
	}
}

// What no operation is at gives nothing, on the public port: nothing for
// operators or debuggers is there by default.
func TestNothingElseIsServed(t *testing.T) {
	proof.Of(t, "ATK-175")
	w := newWorld(t, memory.New())
	for _, path := range []string{
		"/", "/admin", "/admin/", "/metrics", "/debug/pprof/", "/debug/vars", "/docs", "/openapi.yaml", "/openapi.json", "/swagger", "/graphql", "/.env", "/.git/config",
		"/clients", "/accounts", "/grants", "/keys", "/users", "/config", "/status", "/health", "/token/introspect", "/oauth/token", "/register/", "/server-status", "/favicon.ico",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			res := w.Do(httptest.NewRequest(method, servertest.Issuer+path, nil))
			if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, res.StatusCode)
			}
		}
	}
	if res := w.Get(gen.PathHealthz, nil); res.StatusCode != http.StatusOK {
		t.Errorf("control: %d", res.StatusCode)
	}
}
