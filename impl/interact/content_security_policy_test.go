package interact

import (
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

func TestConsentFormAction(t *testing.T) {
	base := []string{"'self'", "https:", "http://127.0.0.1:*", "http://localhost:*"}
	for target, extra := range map[string]string{
		"https://app.example/callback":         "",
		"http://127.0.0.1:4711/callback":       "",
		"http://localhost/callback":            "",
		"http://[::1]:4711/callback":           "http:",
		"com.example.app:/callback":            "com.example.app:",
		"Com.Example.App:/callback":            "com.example.app:",
		"x; script-src *:/callback":            "",
		"com.example;app:/callback":            "",
		"":                                     "",
		"no scheme":                            "",
		"1com.example:/callback":               "",
		"https://app.example/;script-src *":    "",
		"http://127.0.0.1:1/; form-action * x": "",
	} {
		want := base
		if extra != "" {
			want = append(slices.Clone(base), extra)
		}
		if got := consentFormAction(target); !slices.Equal(got, want) {
			t.Errorf("consentFormAction(%q) = %q, want %q", target, got, want)
		}
	}
}

func TestContentSecurityPolicy(t *testing.T) {
	proof.Of(t, "OIDC-CORE-3.1.2.3-5")
	policy := contentSecurityPolicy("p{}", "'self'")
	for _, directive := range []string{"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !slices.Contains(strings.Split(policy, "; "), directive) {
			t.Errorf("%s is not in %s", directive, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") {
		t.Errorf("the policy allows too much: %s", policy)
	}
	if strings.Contains(contentSecurityPolicy("p{}"), "'self'") {
		t.Error("a page without forms may send some")
	}
}
