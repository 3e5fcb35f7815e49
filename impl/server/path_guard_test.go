package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// A wire is a server behind a real listener, so that requests are the bytes that
// they are.
type wire struct {
	fixture
	address string
}

func newWire(t *testing.T, change ...func(*server.Config)) wire {
	t.Helper()
	f := newFixture(t, change...)
	listener := httptest.NewServer(openapitest.Handler(t, f.Server.Server))
	t.Cleanup(listener.Close)
	return wire{f, strings.TrimPrefix(listener.URL, "http://")}
}

// send sends a request head, and a body, as they are.
func (w wire) send(t *testing.T, head, body string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if body != "" {
		head += fmt.Sprintf("\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d", len(body))
	}
	if _, err := io.WriteString(conn, head+"\r\nConnection: close\r\n\r\n"+body); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	res.Body = io.NopCloser(strings.NewReader(string(text)))
	return res
}

// A path has one spelling; every other one is
// 404, or no HTTP, and never a redirect.
func TestOnlyOneSpellingOfAPath(t *testing.T) {
	proof.Of(t, "CVE-2026-44427", "ATK-170", "ATK-165", "ATK-5")
	w := newWire(t)
	const host = " HTTP/1.1\r\nHost: auth.example.com"
	for _, path := range []string{
		"//token", "/./token", "/x/../token", "/token/", "/token//", "/%74oken", "/t%6Fken", "/TOKEN", "/Token", "/token;x", "/token;", "/;/token", "/token%2f", "/%2ftoken", "/token%00", "/token%0a",
		"/token%20", "/\\token", "/token\\", "/%5ctoken", "/..%2ftoken", "/%2e%2e/token", "/%2e/token", "/.token", "/token.", "/token/.", "/token/..", "/%252e/token", "/%ff/token", "/token%", "/%zz",
		"//evil.example/%2e%2e/token", "//evil.example/..", "///token", "/%c0%aftoken", "/token%7f", "/register/%61", "/register/a%2fb", "/register/../token", "/register/", "/register/a/b",
		"/.well-known/../token", "/.well-known//oauth-authorization-server", "/.well-known/oauth-authorization-server/", "/.well-known/OAuth-Authorization-Server", "/" + strings.Repeat("../", 2000) + "token",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			body := ""
			if method == http.MethodPost {
				body = "grant_type=client_credentials"
			}
			res := w.send(t, method+" "+path+host, body)
			if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" {
				t.Errorf("%s %.60s: %d, Location %q", method, path, res.StatusCode, res.Header.Get("Location"))
			}
		}
	}
	// CVE-2026-44427 as published: at the authorization endpoint.
	for _, path := range []string{"//evil.example/%2e%2e/authorize/", "//evil.example/%2e%2e/authorize", "//authorize", "/authorize/", "/authorize/../authorize"} {
		if res := w.send(t, "GET "+path+host, ""); res.StatusCode != http.StatusNotFound || res.Header.Get("Location") != "" {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	// ATK-5: an absolute-form request line names the host.
	if res := w.send(t, "GET http://evil.com/token"+host, ""); res.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("absolute form: %d", res.StatusCode)
	}
	for _, target := range []string{"http://auth.example.com", "*"} {
		if res := w.send(t, "OPTIONS "+target+host, ""); res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusOK {
			t.Errorf("OPTIONS %s: %d", target, res.StatusCode)
		}
	}
	if res := w.send(t, "POST /token"+host, "grant_type=client_credentials"); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("control: %d", res.StatusCode)
	}
	if res := w.send(t, "GET http://auth.example.com/jwks"+host, ""); res.StatusCode != http.StatusOK {
		t.Errorf("control, absolute form: %d", res.StatusCode)
	}
}

// ATK-162, RFC6749-3.1-5, RFC7592-2-3: a method that the document does not have is 405 with the ones that
// it has, and no header or parameter overrides one.
func TestMethods(t *testing.T) {
	proof.Of(t, "ATK-162")
	f := newFixture(t)
	byPath := make(map[string][]string)
	for _, op := range gen.Operations {
		path := strings.NewReplacer("{client_id}", "abc", "{path}", "mcp").Replace(op.Path)
		if !slices.Contains(op.Tags, "pages") {
			byPath[path] = append(byPath[path], op.Method)
		}
	}
	if len(byPath) < 10 {
		t.Fatalf("paths %v", byPath)
	}
	for path, methods := range byPath {
		slices.Sort(methods)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "post", "Get", "X"} {
			if slices.Contains(methods, method) {
				continue
			}
			r := httptest.NewRequest("POST", servertest.Issuer+path, strings.NewReader("_method="+methods[0]))
			r.Method = method
			r.Header.Set("X-HTTP-Method-Override", methods[0])
			f.unchanged(t, method+" "+path, func() {
				res := f.Do(r)
				if got := res.Header.Get("Allow"); got != strings.Join(methods, ", ") {
					t.Errorf("%s %s: Allow %q, want %q", method, path, got, methods)
				}
				servertest.Refused(t, res, http.StatusMethodNotAllowed, "invalid_request")
			})
		}
	}
}

// A registration is not looked up under a path that is no
// identifier.
func TestClientConfigurationPaths(t *testing.T) {
	proof.Of(t, "ATK-156", "ATK-158")
	f := newFixture(t)
	for _, id := range []string{strings.Repeat("a", 129), "a.b", "a%20b", url.PathEscape("https://x.example/c"), "a,b"} {
		if res := f.JSON(http.MethodGet, "/register/"+id, "", servertest.Bearer("x")); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", id, res.StatusCode)
		}
	}
}
