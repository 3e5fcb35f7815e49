package gentest_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// An operation of openapi.yaml with a request that it lets through.
type operation struct {
	id, method, path string
	spec             *openapi3.Operation
	schema           *openapi3.Schema // of the form, the query or the JSON body; nil for none
	isJSON, isQuery  bool
	secured          bool // every alternative of its security needs something
	valid            request
}

// operations returns every operation of openapi.yaml, ordered by path.
func operations(t testing.TB) []operation {
	t.Helper()
	doc := mustDocument(t)
	var all []operation
	for path, item := range doc.Paths.Map() {
		for method, spec := range item.Operations() {
			all = append(all, newOperation(method, path, spec))
		}
	}
	if len(all) < 19 {
		t.Fatalf("openapi.yaml has %d operations", len(all))
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

func newOperation(method, path string, spec *openapi3.Operation) operation {
	op := operation{id: spec.OperationID, method: method, path: path, spec: spec, secured: len(*spec.Security) > 0}
	for _, alternative := range *spec.Security {
		op.secured = op.secured && len(alternative) > 0
	}
	op.valid.line = method + " " + strings.NewReplacer("{client_id}", "abc", "{path}", "a/b").Replace(path)
	op.valid.header = "Authorization: " + credentials(*spec.Security)
	for _, p := range spec.Parameters {
		if p.Value.In == "query" {
			op.isQuery = true
			if p.Value.Schema.Value.Type.Is("object") {
				op.schema = p.Value.Schema.Value
				continue
			}
			if op.schema == nil {
				op.schema = &openapi3.Schema{Type: &openapi3.Types{"object"}, Properties: openapi3.Schemas{}}
			}
			op.schema.Properties[p.Value.Name] = p.Value.Schema
			if p.Value.Required {
				op.schema.Required = append(op.schema.Required, p.Value.Name)
			}
		}
	}
	if spec.RequestBody != nil {
		for mediaType, content := range spec.RequestBody.Value.Content {
			op.schema, op.isJSON = content.Schema.Value, mediaType == "application/json"
			op.valid.header += "\nContent-Type: " + mediaType
		}
	}
	if op.schema != nil {
		op.valid = op.with(validForms[op.id])
	}
	return op
}

// validForms has the parameters of a request that passes, for operations whose
// required ones the tests cannot guess.
var validForms = map[string]string{
	"authorize":         "client_id=c&response_type=code",
	"authorizePost":     "client_id=c&response_type=code",
	"token":             "grant_type=client_credentials&client_id=c",
	"revoke":            "token=t&client_id=c",
	"introspect":        "token=t",
	"userInfoPost":      "access_token=t",
	"revokeApps":        "csrf=abc&choice=every",
	"requestLogout":     "client_id=c",
	"requestLogoutPost": "client_id=c",
	"logoutPage":        "request=abc",
	"logout":            "csrf=abc",
	"loginPage":         "request=abc",
	"login":             "request=abc&csrf=abc&username=u&password=p",
	"signUpPage":        "request=abc",
	"signUp":            "request=abc&csrf=abc&username=u&password=p&password_again=p",
	"chooseAccount":     "request=abc&csrf=abc&account=other",
	"upstreamCallback":  "state=abc",
	"consentPage":       "request=abc",
	"consent":           "request=abc&csrf=abc&decision=allow",
	"updateClient":      "client_id=abc",
}

func credentials(alternatives openapi3.SecurityRequirements) string {
	for _, alternative := range alternatives {
		for scheme := range alternative {
			if scheme == "client_secret_basic" {
				return "Basic YTpi"
			}
		}
	}
	return "Bearer t"
}

// with returns the request with these parameters: in the query, the form, or as
// members of the JSON document.
func (op operation) with(parameters string) request {
	q := op.valid
	path, _, _ := strings.Cut(q.line, "?")
	switch {
	case op.isQuery:
		q.line = path + "?" + parameters
	case op.isJSON:
		values, _ := url.ParseQuery(parameters)
		members := map[string]string{}
		for name := range values {
			members[name] = values.Get(name)
		}
		body, _ := json.Marshal(members)
		q.body = string(body)
	default:
		q.body = parameters
	}
	return q
}

// anonymous returns the request without the Authorization header.
func (q request) anonymous() request {
	_, q.header, _ = strings.Cut(q.header, "\n")
	return q
}
