package speclint_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A guard is what stands before an operation. The table repeats the document on
// purpose: no edit of the document, and no regeneration, weakens an operation
// unless somebody changes it here as well.
type guard struct {
	security string // alternatives, separated by |; "anonymous" admits everybody
	cors     string // x-cors
	problem  string // x-problem
}

var (
	confidential = "client_assertion|client_secret_basic|client_secret_post"
	anyClient    = confidential + "|none"
)

var guards = map[string]guard{
	"authorize":                        {"", "none", "handler"},
	"authorizePost":                    {"", "none", "handler"},
	"token":                            {anyClient, "client", ""},
	"revoke":                           {anyClient, "client", ""},
	"introspect":                       {confidential, "none", ""},
	"userInfo":                         {"bearer", "any", ""},
	"userInfoPost":                     {"bearer|bearer_form", "any", ""},
	"register":                         {"anonymous|initial_access_token", "any", ""},
	"readClient":                       {"registration_access_token", "none", ""},
	"updateClient":                     {"registration_access_token", "none", ""},
	"deleteClient":                     {"registration_access_token", "none", ""},
	"authorizationServerMetadata":      {"", "any", ""},
	"openIDConfiguration":              {"", "any", ""},
	"protectedResourceMetadata":        {"", "any", ""},
	"protectedResourceMetadataForPath": {"", "any", ""},
	"jwks":                             {"", "any", ""},
	"healthz":                          {"", "none", ""},
	"readyz":                           {"", "none", ""},
	"appsPage":                         {"", "none", ""},
	"revokeApps":                       {"", "none", ""},
	"checkSession":                     {"", "none", ""},
	"requestLogout":                    {"", "none", ""},
	"requestLogoutPost":                {"", "none", ""},
	"logoutPage":                       {"", "none", ""},
	"logout":                           {"", "none", ""},
	"loginPage":                        {"", "none", ""},
	"login":                            {"", "none", ""},
	"signUpPage":                       {"", "none", ""},
	"signUp":                           {"", "none", ""},
	"chooseAccount":                    {"", "none", ""},
	"upstreamCallback":                 {"", "none", ""},
	"consentPage":                      {"", "none", ""},
	"consent":                          {"", "none", ""},
}

// checkGuards also wants security written down at each operation: what is
// inherited is overlooked.
func checkGuards(doc *openapi3.T) (f faults) {
	if len(doc.Security) > 0 {
		f.add("the document has security for all operations")
	}
	missing := maps.Clone(guards)
	for _, op := range operations(doc) {
		want, ok := guards[op.OperationID]
		delete(missing, op.OperationID)
		if !ok {
			f.add("%s: not in the table of guards", op.name())
			continue
		}
		if op.Security == nil {
			f.add("%s: no security, not even []", op.name())
			continue
		}
		cors, _ := op.Extensions["x-cors"].(string)
		problem, _ := op.Extensions["x-problem"].(string)
		if got := (guard{spellSecurity(*op.Security), cors, problem}); got != want {
			f.add("%s: guarded by %q, want %q", op.name(), got, want)
		}
	}
	for name := range missing {
		f.add("%s: not in the document", name)
	}
	return f
}

func spellSecurity(alternatives openapi3.SecurityRequirements) string {
	var all []string
	for _, alternative := range alternatives {
		if len(alternative) == 0 {
			all = append(all, "anonymous")
			continue
		}
		all = append(all, strings.Join(slices.Sorted(maps.Keys(alternative)), "&"))
	}
	slices.Sort(all)
	return strings.Join(all, "|")
}
