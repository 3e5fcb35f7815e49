package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen/docs"
)

// Every file of the site goes out with the policy, as what it is.
func TestDocsHeaders(t *testing.T) {
	for path, kind := range map[string]string{
		"/docs/":                    "text/html",
		"/docs/start.js":            "text/javascript",
		"/docs/redoc.standalone.js": "text/javascript",
		"/docs/style.css":           "text/css",
		"/docs/reference.yaml":      "",
		"/docs/absent":              "",
	} {
		w := httptest.NewRecorder()
		adminHandler(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if want := map[bool]int{true: 404, false: 200}[path == "/docs/absent"]; w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
		h := w.Header()
		if got := h.Get("Content-Security-Policy"); got != docs.ContentSecurityPolicy {
			t.Errorf("%s: Content-Security-Policy: %s", path, got)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Type"), kind) {
			t.Errorf("%s: %v", path, h)
		}
	}
}
