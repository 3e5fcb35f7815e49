package server

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
)

func basicAs(id, secret string) func(*http.Request, url.Values) {
	return func(r *http.Request, _ url.Values) { r.Header.Set("Authorization", basicHeader(id, secret)) }
}

func postAs(id, secret string) func(*http.Request, url.Values) {
	return func(_ *http.Request, form url.Values) {
		if id != "" {
			form.Set("client_id", id)
		}
		if secret != "" {
			form.Set("client_secret", secret)
		}
	}
}

func both(a, b func(*http.Request, url.Values)) func(*http.Request, url.Values) {
	return func(r *http.Request, form url.Values) { a(r, form); b(r, form) }
}

func header(values ...string) func(*http.Request, url.Values) {
	return func(r *http.Request, _ url.Values) { r.Header["Authorization"] = values }
}

// MAD-25, WOP-209, ATK-103, CVE-2026-44476, RFC6749-2.3.2-1, RFC6749-5.2-3, -4, -5: at
// every endpoint that authenticates, only the registered method, alone, and the
// right secret do. The refusals come before the code is looked at.
func TestClientAuthentication(t *testing.T) {
	proof.Of(t, "MAD-25", "ATK-103", "CVE-2026-44476", "MAD-10", "MAD-8")
	good := map[string]string{"C1": secretOf("C1"), "C2": secretOf("C2")}
	for _, c := range []struct {
		name   string
		as     func(*http.Request, url.Values)
		client string // whose code
		status int
		code   string
	}{
		{"basic", basicAs("C1", good["C1"]), "C1", 200, ""},
		{"basic beside the same client_id", both(basicAs("C1", good["C1"]), postAs("C1", "")), "C1", 200, ""},
		{"MAD-10 lower-case scheme", header("basic " + basicHeader("C1", good["C1"])[6:]), "C1", 200, ""},
		{"post", postAs("C2", good["C2"]), "C2", 200, ""},
		{"none", postAs("P1", ""), "P1", 200, ""},
		{"RFC6749-2.2-1 confidential client by name alone", postAs("C1", ""), "C1", 401, "invalid_client"},
		{"post by a basic client", postAs("C1", good["C1"]), "C1", 401, "invalid_client"},
		{"basic by a post client", basicAs("C2", good["C2"]), "C2", 401, "invalid_client"},
		{"secret from a none client", postAs("P1", "anything"), "P1", 401, "invalid_client"},
		{"basic from a none client", basicAs("P1", "anything"), "P1", 401, "invalid_client"},
		{"wrong secret", basicAs("C1", good["C2"]), "C1", 401, "invalid_client"},
		{"wrong secret by post", postAs("C2", good["C1"]), "C2", 401, "invalid_client"},
		{"unknown client", basicAs("C9", good["C1"]), "C1", 401, "invalid_client"},
		{"unknown public client", postAs("P9", ""), "P1", 401, "invalid_client"},
		{"RFC6749-3.2.1-2 nothing", postAs("", ""), "P1", 401, "invalid_client"},
		{"both methods", both(basicAs("C1", good["C1"]), postAs("C1", good["C1"])), "C1", 400, "invalid_request"},
		{"header malformed, body right", both(header("Basic !"), postAs("C2", good["C2"])), "C2", 400, "invalid_request"},
		{"ATK-103 other client_id beside Basic", both(basicAs("C1", good["C1"]), postAs("C2", "")), "C1", 400, "invalid_request"},
		{"secret without a name", postAs("", good["C2"]), "C2", 400, "invalid_request"},
		{"MAD-10 bad base64", header("Basic !!!"), "C1", 401, "invalid_client"},
		{"MAD-10 empty", header("Basic"), "C1", 401, "invalid_client"},
		{"MAD-10 two headers", header(basicHeader("C1", good["C1"]), basicHeader("C1", good["C1"])), "C1", 401, "invalid_client"},
		{"MAD-10 two headers beside client_id", both(header(basicHeader("C1", good["C1"]), basicHeader("C1", good["C1"])), postAs("C1", "")), "C1", 401, "invalid_client"},
		{"MAD-10 Bearer", header("Bearer abc"), "C1", 401, "invalid_client"},
		{"MAD-10 Bearer empty", header("Bearer "), "C1", 401, "invalid_client"},
		{"MAD-10 64 KiB", header("Basic " + strings.Repeat("QUFB", 1<<14)), "C1", 401, "invalid_client"},
		{"MAD-8 raw percent in Basic", header("Basic QzE6JVpa"), "C1", 401, "invalid_client"},
	} {
		x := newTokenTest(t)
		code, _ := x.code(allowed{client: c.client})
		a := x.post("/token", c.as, codeForm(code))
		if c.status == 200 {
			x.ok(a)
			continue
		}
		x.refused(c.name, a, c.status, c.code, good["C1"], good["C2"], code)
		x.refused(c.name+", revoke", x.post("/revoke", c.as, url.Values{"token": {code}}), c.status, c.code)
		if a := x.post("/introspect", c.as, url.Values{"token": {code}}); a.status != c.status {
			t.Errorf("%s, introspect: %d %s", c.name, a.status, a.raw)
		}
		x.ok(x.post("/token", as(c.client), codeForm(code)))
	}
}

// ATK-104, RFC6749-2.3.1-3.
func TestCredentialsInTheQueryAreRefused(t *testing.T) {
	proof.Of(t, "ATK-104")
	x := newTokenTest(t)
	code, _ := x.code(allowed{client: "C2"})
	for _, q := range []string{"client_secret=" + secretOf("C2"), "client_id=C2&client_secret=" + secretOf("C2"), "refresh_token=x", "access_token=x", "code=" + code} {
		x.refused(q, x.post("/token?"+q, as("C2"), codeForm(code)), 400, "invalid_request", secretOf("C2"), code)
	}
	x.ok(x.post("/token", as("C2"), codeForm(code)))
}

// The same bytes for an unknown client and a wrong secret.
func TestUnknownClientReadsLikeWrongSecret(t *testing.T) {
	x := newTokenTest(t)
	unknown := x.post("/token", basicAs("C9", secretOf("C1")), machineForm)
	wrong := x.post("/token", basicAs("C1", secretOf("C9")), machineForm)
	x.change("C1", func(c *store.Client) { c.DisabledAt = x.now() })
	disabled := x.post("/token", as("C1"), machineForm)
	if unknown.raw != wrong.raw || disabled.raw != wrong.raw || wrong.status != 401 {
		t.Errorf("%s, %s, %s", unknown.raw, wrong.raw, disabled.raw)
	}
	x.ok(x.post("/token", as("C2"), machineForm))
}

// Two secrets during a rotation, one after it.
func TestSecretRotation(t *testing.T) {
	proof.Of(t, "MCP-EMA-SEC-7.5.1-Client-Authentication-and-Credential-Protection-2")
	proof.Of(t, "ATK-102")
	x := newTokenTest(t)
	x.change("C1", func(c *store.Client) {
		old := c.Secrets[0]
		old.ExpiresAt = x.now().Add(time.Hour)
		c.Secrets = []store.ClientSecret{{Hash: client.HashGenerated(secretOf("new")), CreatedAt: x.now()}, old}
	})
	x.ok(x.post("/token", as("C1"), machineForm))
	x.ok(x.post("/token", basicAs("C1", secretOf("new")), machineForm))
	x.pass(time.Hour)
	x.refused("old secret", x.post("/token", as("C1"), machineForm), 401, "invalid_client")
	x.ok(x.post("/token", basicAs("C1", secretOf("new")), machineForm))
}

// RFC6749-2.3.1-5, RFC7009-5-1: guessing is slowed, per network, for a while, and
// holds up no public client.
func TestGuessingIsSlowed(t *testing.T) {
	proof.Of(t, "RFC6749-10.10-1")
	x := newTokenTest(t, func(c *Config) { c.Limits.AuthenticationFailuresPerMinute = 5 })
	code, _ := x.code(allowed{client: "P1"})
	for i := range 5 {
		x.refused("guess", x.post([]string{"/token", "/revoke", "/introspect"}[i%3], basicAs("C1", secretOf("C9")), with(machineForm, "token", "x")), 401, "invalid_client")
	}
	a := x.post("/token", as("C1"), machineForm)
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.raw)
	}
	x.ok(x.post("/token", as("P1"), codeForm(code)))
	elsewhere := both(as("C1"), func(r *http.Request, _ url.Values) { r.RemoteAddr = "198.51.100.1:1" })
	x.ok(x.post("/token", elsewhere, machineForm))
	x.pass(time.Minute)
	x.ok(x.post("/token", as("C1"), machineForm))
}

// Only client_authentication.go makes an authenticated: no other file of the
// package has a composite literal of it, but the zero value in a return.
func TestAuthenticatedIsMadeInOnePlace(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatal(err)
	}
	found := false
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		makes := strings.Contains(string(b), "return authenticated{c, method}") || strings.Contains(string(b), "= authenticated{")
		if makes && name != "client_authentication.go" && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s makes an authenticated", name)
		}
		found = found || makes && name == "client_authentication.go"
	}
	if !found {
		t.Error("the scan is blind")
	}
}
