package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/server"
)

// Every answer of every operation, good, refused, not found or
// broken, carries the security headers, and is not kept but where it is public.
func TestSecurityHeaders(t *testing.T) {
	proof.Of(t, "RFC6749-10.13-1", "RFC9700-4.2.4-4", "RFC9700-4.16-1", "RFC9700-4.16-2", "RFC9700-4.16-4")
	proof.Of(t, "MAD-4", "ATK-137", "ATK-163")
	f := newFixture(t)
	c := f.Confidential()
	answers := map[string]*http.Response{
		"token 200":      f.Post("/token", c.Exchange(f.Code(c, nil), nil), c.Auth()),
		"token 400":      f.Post("/token", c.Exchange("x", nil), c.Auth()),
		"token 401":      f.Post("/token", c.Exchange("x", nil)),
		"introspect 200": f.Post("/introspect", url.Values{"token": {"x"}}, c.Auth()),
		"revoke 200":     f.Post("/revoke", url.Values{"token": {"x"}}, c.Auth()),
		"register 201":   f.register(publicMetadata),
		"register 400":   f.register(`{}`),
		"read 200":       f.configure(http.MethodGet, c.ID, "", servertest.Bearer(c.RegistrationToken)),
		"authorize 303":  f.Get("/authorize", c.Request(nil)),
		"authorize page": f.Get("/authorize", nil),
		"authorize 303e": f.Get("/authorize", c.Request(url.Values{"scope": {"nonsense"}})),
		"404":            f.Get("//nothing", nil),
		"405":            f.Get("/token", nil),
		"421":            f.Get("/token", nil, func(r *http.Request) { r.Host = "evil.com" }),
		"413":            f.Post("/token", url.Values{"x": {strings.Repeat("a", 70000)}}),
		"range":          f.Get("/jwks", nil, func(r *http.Request) { r.Header.Set("Range", "bytes=0-1"); r.Header.Set("If-None-Match", "*") }),
	}
	for _, op := range gen.Operations {
		path := strings.NewReplacer("{client_id}", "abc", "{path}", "mcp").Replace(op.Path)
		answers[op.ID] = f.Do(httptest.NewRequest(op.Method, servertest.Issuer+path, nil))
	}
	for name, res := range answers {
		h := res.Header
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Strict-Transport-Security": "max-age=63072000", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := h.Values(header); !slices.Equal(got, []string{want}) && !(name == "checkSession" && header == "X-Frame-Options" && got == nil) { // see TestCheckSessionPage
				t.Errorf("%s: %s %q, want %q", name, header, got, want)
			}
		}
		if csp := h.Values("Content-Security-Policy"); len(csp) != 1 || !strings.Contains(csp[0], "frame-ancestors 'none'") || !strings.Contains(csp[0], "default-src 'none'") {
			t.Errorf("%s: Content-Security-Policy %q", name, csp)
		}
		public := res.StatusCode == http.StatusOK && slices.Contains([]string{"authorizationServerMetadata", "protectedResourceMetadata", "protectedResourceMetadataForPath", "jwks", "range"}, name)
		wantCache, wantResource := "no-store", "same-origin"
		if public {
			wantCache = "public, max-age="
		}
		if got := h.Values("Cache-Control"); len(got) != 1 || !strings.HasPrefix(got[0], wantCache) {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
		if h.Get("Access-Control-Allow-Origin") == "*" || name == "checkSession" {
			wantResource = "cross-origin"
		}
		if got := h.Values("Cross-Origin-Resource-Policy"); !slices.Equal(got, []string{wantResource}) {
			t.Errorf("%s: Cross-Origin-Resource-Policy %q", name, got)
		}
		if res.StatusCode == http.StatusPartialContent || res.StatusCode == http.StatusNotModified || res.StatusCode >= 500 || h.Get("Content-Encoding") != "" {
			t.Errorf("%s: status %d, %v", name, res.StatusCode, h)
		}
	}
	local := newFixture(t, func(c *server.Config) { c.Issuer = "http://localhost:8080" })
	if h := local.at("http://localhost:8080/jwks").Header; h.Get("Strict-Transport-Security") != "" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("over http: %v", h)
	}
}

// A refusal is JSON whatever the browser would like, and repeats nothing.
func TestErrorsAreJSON(t *testing.T) {
	proof.Of(t, "RFC6749-10.14-1")
	proof.Of(t, "MAD-5")
	f := newFixture(t)
	const markup = `<img src=x onerror=alert(1)>`
	accept := func(r *http.Request) { r.Header.Set("Accept", "text/html") }
	for name, res := range map[string]*http.Response{
		"grant_type": f.Post("/token", url.Values{"grant_type": {markup}, "client_id": {"x"}}, accept),
		"client_id":  f.Post("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {markup}, "client_id": {markup}}, accept),
		"register":   f.register(`{"redirect_uris":["`+markup+`"],"client_name":"`+markup+`"}`, accept),
		"path":       f.Get("/"+url.PathEscape(markup)+"//x", nil, accept),
	} {
		body, err := io.ReadAll(res.Body)
		if err != nil || res.Header.Get("Content-Type") != "application/json" || strings.ContainsAny(string(body), "<>") {
			t.Errorf("%s: %s %s", name, res.Header.Get("Content-Type"), body)
		}
	}
	res := f.Get("/authorize", url.Values{"client_id": {markup}, "redirect_uri": {markup}, "state": {markup}})
	if body, err := io.ReadAll(res.Body); err != nil || strings.Contains(string(body), "<img") {
		t.Errorf("page: %s", body)
	}
}

// What a hook says becomes no header, no quote and no line of its own.
func TestHookTextsAreCleaned(t *testing.T) {
	proof.Of(t, "RFC6749-4.1.2.1-12", "RFC6749-4.1.2.1-13", "RFC6749-5.2-10", "RFC6749-5.2-11")
	proof.Of(t, "ATK-132", "ATK-133")
	var fail error
	f := newFixture(t, func(c *server.Config) {
		c.RegistrationPolicy = func(_ context.Context, a server.RegistrationAttempt) (client.Metadata, error) {
			return a.Metadata, fail
		}
		c.Policy = func(context.Context, *server.Issue) error { return fail }
	})
	c := f.Public()
	for _, text := range []string{"a\r\nSet-Cookie: x=y", `say "no"`, `back\slash`, "nul\x00", "line\u2028sep", "ünïcode", strings.Repeat("a", 5000)} {
		fail = nil
		code := f.Code(c, nil)
		fail = oauth.NewError("access_denied", "Bad Slug\n", text)
		for name, res := range map[string]*http.Response{
			"register": f.register(`{"redirect_uris":["https://b.example.com/cb"]}`),
			"token":    f.Post("/token", c.Exchange(code, nil)),
		} {
			if res.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s: %q became a header", name, text)
			}
			m := servertest.Decode(t, res, http.StatusBadRequest)
			description, _ := m["error_description"].(string)
			onlyDescriptionCharacters(t, name, description)
			if description == "" || len(description) > 1024 || m["error"] != "access_denied" {
				t.Errorf("%s: %v", name, m)
			}
		}
		fail = oauth.InvalidToken("policy", text)
		res := f.register(`{"redirect_uris":["https://b.example.com/cb"]}`, servertest.Bearer("x"))
		challenge := res.Header.Get("WWW-Authenticate")
		if strings.Count(challenge, `"`) != 6 || strings.ContainsAny(challenge, "\\\r\n\x00") {
			t.Errorf("challenge %q", challenge)
		}
	}
}

// A panic is a 500 with a reference that the log has too, and nothing of the text.
func TestPanicsStayInside(t *testing.T) {
	proof.Of(t, "ATK-136", "REL-I10")
	var log strings.Builder
	var raise any
	f := newFixture(t, func(c *server.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.RegistrationPolicy = func(_ context.Context, a server.RegistrationAttempt) (client.Metadata, error) {
			if raise != nil {
				panic(raise)
			}
			return a.Metadata, nil
		}
	})
	for _, v := range []any{"password=hunter2", errors.New("db.internal"), fmt.Errorf("%w", context.Canceled), 42} {
		raise = v
		res := f.register(publicMetadata)
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		text := string(body)
		if res.StatusCode != http.StatusInternalServerError || !strings.Contains(text, `"server_error"`) || strings.Contains(text, "hunter2") || strings.Contains(text, "internal") || strings.Contains(text, "goroutine") || strings.Contains(text, ".go") {
			t.Errorf("%v: %d %s", v, res.StatusCode, text)
		}
		_, reference, _ := strings.Cut(strings.TrimSuffix(text, `"}`), "reference ")
		if len(reference) < 16 || !strings.Contains(log.String(), reference) {
			t.Errorf("reference %q is not in the log", reference)
		}
	}
	raise = nil
	if res := f.register(publicMetadata); res.StatusCode != http.StatusCreated {
		t.Errorf("control: %d", res.StatusCode)
	}
	// http.ErrAbortHandler is how a handler drops a connection.
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v", v)
		}
	}()
	raise = http.ErrAbortHandler
	f.register(publicMetadata)
}

// The log of refused requests holds no secret that was sent.
func TestLogHasNoSecrets(t *testing.T) {
	proof.Of(t, "OIDC-CORE-16.4-1")
	proof.Of(t, "RFC6749-10.3-1", "MCP-EMA-SEC-7.4.2-Stolen-Assertions-and-Replay-3")
	proof.Of(t, "ATK-135", "ATK-104")
	var log strings.Builder
	f := newFixture(t, func(c *server.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Events = nil
	})
	c := f.Confidential()
	tokens := f.Grant(c)
	code := f.Code(c, nil)
	canary := "canary-0123456789abcdef"
	f.Post("/token", c.Exchange(canary, nil), servertest.Basic(c.ID, canary))
	f.Post("/token", c.Exchange(code, url.Values{"code_verifier": {strings.Repeat(canary, 2)}}), c.Auth())
	f.Post("/token", c.Refresh(canary, url.Values{"client_secret": {canary}}), func(r *http.Request) { r.URL.RawQuery = "client_secret=" + canary })
	f.configure(http.MethodGet, c.ID, "", servertest.Bearer(canary))
	f.Get("/authorize", c.Request(url.Values{"state": {canary}, "redirect_uri": {"https://evil.com/" + canary}}))
	f.Get("/"+canary, url.Values{"access_token": {canary}})
	for _, secret := range []string{canary, c.Secret, c.RegistrationToken, tokens.Access, tokens.Refresh, code, servertest.Verifier} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, log.String())
		}
	}
	if !strings.Contains(log.String(), "reason=redirect_uri_unregistered") || !strings.Contains(log.String(), "reason=grant_created") {
		t.Errorf("the log lacks refusals or events:\n%s", log.String())
	}
}
