package examplestest_test

import (
	"maps"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/server"
)

// TestExamples sends every request example of openapi.yaml to a server that
// holds the records the examples speak of, a new one for each, and compares the
// answer with the example of the same name.
func TestExamples(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(charter.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			names := exampleNames(op)
			if len(names) == 0 {
				t.Errorf("%s %s has no example that could be sent", method, path)
			}
			for _, name := range names {
				sent++
				t.Run(op.OperationID+"/"+name, func(t *testing.T) {
					r := request(t, method, path, op, name)
					w := httptest.NewRecorder()
					newServer(t, settings(op.OperationID, name)).ServeHTTP(w, r)
					res := w.Result()
					openapitest.Validate(t, r, res)
					compare(t, op, name, res)
				})
			}
		}
	}
	if sent < 45 {
		t.Errorf("%d examples were sent", sent)
	}
}

// settings returns what the operator of the server of an example has chosen.
func settings(operation, name string) func(*server.Config) {
	return func(c *server.Config) {
		switch {
		case operation == "protectedResourceMetadata": // the issuer is the resource
			c.Resources = nil
		case operation == "jwks":
			c.Resources[0].TokenFormat = server.JWTES256
		case operation == "upstreamCallback":
			signedInElsewhere(c)
		case operation == "register" && name == "foreign_token":
			c.Registration = server.RegistrationToken
		}
	}
}

// exampleNames returns the names of the request examples of op.
func exampleNames(op *openapi3.Operation) []string {
	names := map[string]bool{}
	for _, p := range op.Parameters {
		for name := range p.Value.Examples {
			names[name] = true
		}
	}
	if op.RequestBody != nil {
		for _, c := range op.RequestBody.Value.Content {
			for name := range c.Examples {
				names[name] = true
			}
		}
	}
	if len(names) == 0 { // a request without parameters: what it succeeds with
		for name := range successes(op) {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// successes returns the examples of what op answers when all is well.
func successes(op *openapi3.Operation) openapi3.Examples {
	all := openapi3.Examples{}
	for _, c := range op.Responses.Value("200").Value.Content {
		maps.Copy(all, c.Examples)
	}
	if elsewhere := op.Responses.Value("303"); elsewhere != nil {
		maps.Copy(all, elsewhere.Value.Headers["Location"].Value.Examples)
	}
	return all
}
