package protect_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/protect"
)

func TestInsufficientScope(t *testing.T) {
	proof.Of(t, "RFC6750-3-8", "RFC6750-3-9")
	proof.Of(t, "ATK-133")
	for _, c := range []struct {
		id       string
		required []string
		scope    string
	}{
		{"all scopes of the operation at once", []string{"write", "tools"}, "read write tools"},
		{"each once", []string{"read", "write", "write"}, "read write"},
		{"none", nil, "read"},
		{"ATK-133 quote", []string{`a" error="none`, "write"}, "read write"},
		{"ATK-133 line break", []string{"a\r\nSet-Cookie: x=y", "write"}, "read write"},
		{"ATK-133 backslash", []string{`a\`, "write"}, "read write"},
	} {
		h := guard(t, config(tokens())).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			protect.InsufficientScope(w, r, c.required...)
		}))
		res := call(h, "Bearer good")
		want := `Bearer error="insufficient_scope", error_description="the request needs a token with more scope", scope="` + c.scope + `", resource_metadata="` + metadata + `"`
		if got := res.Header.Get("WWW-Authenticate"); res.StatusCode != http.StatusForbidden || got != want {
			t.Errorf("%s: %d %s", c.id, res.StatusCode, got)
		}
		var body struct{ Error string }
		if json.NewDecoder(res.Body).Decode(&body) != nil || body.Error != "insufficient_scope" {
			t.Errorf("%s: body %+v", c.id, body)
		}
	}
}

func TestRequireScopes(t *testing.T) {
	tools := protect.RequireScopes(hello, "tools")
	c := config(known{
		"some": good(),
		"all":  with(func(i *protect.Identity) { i.Scopes = []string{"read", "tools"} }),
	})
	h := guard(t, c).Handler(tools)
	for token, status := range map[string]int{"some": 403, "all": 200} {
		if res := call(h, "Bearer "+token); res.StatusCode != status {
			t.Errorf("%s: status %d", token, res.StatusCode)
		}
	}
	// Without a guard around it nobody gets through, whatever is required.
	for _, handler := range []http.Handler{tools, protect.RequireScopes(hello)} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, resource, nil))
		if w.Code != http.StatusForbidden {
			t.Errorf("without a guard: status %d", w.Code)
		}
	}
}

// TestInsufficientAuthentication is RFC 9470 §3.
func TestInsufficientAuthentication(t *testing.T) {
	proof.Of(t, "ATK-133")
	const head = `Bearer error="insufficient_user_authentication", error_description="the person must authenticate anew", scope="read", resource_metadata="` + metadata + `"`
	for _, c := range []struct {
		id     string
		maxAge time.Duration
		acr    []string
		want   string
	}{
		{"age", 5 * time.Minute, nil, head + `, max_age="300"`},
		{"now", 0, nil, head + `, max_age="0"`},
		{"class", -1, []string{"gold", "silver"}, head + `, acr_values="gold silver"`},
		{"both", time.Minute, []string{"gold"}, head + `, acr_values="gold", max_age="60"`},
		{"ATK-133", -1, []string{"a\"b\\c\r\nd"}, head + `, acr_values="a\"b\\c??d"`},
	} {
		h := guard(t, config(tokens())).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			protect.InsufficientAuthentication(w, r, c.maxAge, c.acr...)
		}))
		res := call(h, "Bearer good")
		if got := res.Header.Get("WWW-Authenticate"); res.StatusCode != http.StatusUnauthorized || got != c.want {
			t.Errorf("%s: %d %s", c.id, res.StatusCode, got)
		}
	}
}
