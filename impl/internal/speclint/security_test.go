package speclint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
)

// security is what each operation requires, said a second time: schemes of one
// alternative joined by +, alternatives separated by a space, - for no credentials
// at all, and public for an operation that has no security. A change of the
// document that weakens one of them is a change here too, which a reader sees.
var security = map[string]string{
	"token":      "client_secret_basic client_secret_post client_assertion none",
	"revoke":     "client_secret_basic client_secret_post client_assertion none",
	"introspect": "client_secret_basic client_secret_post client_assertion",

	"register":     "- initial_access_token", // which of the two is the operator's choice
	"readClient":   "registration_access_token",
	"updateClient": "registration_access_token",
	"deleteClient": "registration_access_token",

	"userInfo":     "bearer",
	"userInfoPost": "bearer bearer_form",

	// The browser's cookies and the forms' tokens are the Interaction's to check.
	"authorize": "public", "authorizePost": "public",
	"loginPage": "public", "login": "public", "signUpPage": "public", "signUp": "public", "chooseAccount": "public", "upstreamCallback": "public", "consentPage": "public", "consent": "public",
	"appsPage": "public", "revokeApps": "public", "logoutPage": "public", "logout": "public",
	"checkSession":  "public",                                // a page that is the same for everybody
	"requestLogout": "public", "requestLogoutPost": "public", // nobody is signed out by it

	"authorizationServerMetadata": "public", "openIDConfiguration": "public", "jwks": "public",
	"protectedResourceMetadata": "public", "protectedResourceMetadataForPath": "public",
	"healthz": "public", "readyz": "public",
}

// What the generated layer enforces is what is said here, by name.
func TestSecurityByName(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range gen.Operations {
		seen[op.ID] = true
		want, ok := security[op.ID]
		if !ok {
			t.Errorf("%s is new: say here which authentication it requires", op.ID)
			continue
		}
		if got := said(op.Security); got != want {
			t.Errorf("%s requires %q, want %q", op.ID, got, want)
		}
	}
	for id := range security {
		if !seen[id] {
			t.Errorf("there is no operation %s", id)
		}
	}
	for got, alternatives := range map[string][][]string{"public": {}, "- a": {{}, {"a"}}, "a+b c": {{"a", "b"}, {"c"}}} {
		if said(alternatives) != got {
			t.Errorf("%q is said as %q", alternatives, said(alternatives))
		}
	}
}

func said(alternatives [][]string) string {
	if len(alternatives) == 0 {
		return "public"
	}
	var all []string
	for _, schemes := range alternatives {
		all = append(all, strings.Join(slices.Sorted(slices.Values(schemes)), "+"))
		if len(schemes) == 0 {
			all[len(all)-1] = "-"
		}
	}
	return strings.Join(all, " ")
}
