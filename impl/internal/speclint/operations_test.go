package speclint_test

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func checkValid(doc *openapi3.T) (f faults) {
	if err := doc.Validate(context.Background()); err != nil {
		f.add("%v", err)
	}
	return f
}

// checkDescribed wants of every operation a name of its own, a line, a
// description, and one tag, which decides the interface that it is a method of.
func checkDescribed(doc *openapi3.T) (f faults) {
	seen := map[string]bool{}
	for _, op := range operations(doc) {
		if !identifier.MatchString(op.OperationID) || seen[op.OperationID] {
			f.add("%s %s: operationId %q", op.method, op.path, op.OperationID)
		}
		seen[op.OperationID] = true
		if op.Summary == "" || strings.HasSuffix(op.Summary, ".") || strings.Contains(op.Summary, "\n") {
			f.add("%s: summary %q", op.name(), op.Summary)
		}
		if op.Description == "" {
			f.add("%s: no description", op.name())
		}
		if len(op.Tags) != 1 || doc.Tags.Get(op.Tags[0]) == nil {
			f.add("%s: tags %q", op.name(), op.Tags)
		}
	}
	return f
}

var identifier = regexp.MustCompile(`^[a-z][A-Za-z]+$`)

// checkSections wants the section of a standard on every operation and schema.
func checkSections(doc *openapi3.T) (f faults) {
	check := func(name string, extensions map[string]any) {
		if spec, _ := extensions["x-spec"].(string); !section.MatchString(spec) {
			f.add("%s: x-spec %q", name, spec)
		}
	}
	for _, op := range operations(doc) {
		check(op.name(), op.Extensions)
	}
	for name, ref := range doc.Components.Schemas {
		check(name, ref.Value.Extensions)
	}
	return f
}

// section admits Charter for what no standard describes.
var section = regexp.MustCompile(`^(Charter|(RFC [0-9]{4}|OAuth 2\.[01][A-Za-z ]*|OpenID Connect (Core|Discovery|Registration|RP-Initiated Logout|Front-Channel Logout|Session Management)|Initiating User Registration) §[0-9]+(\.[0-9]+)*)$`)

// checkBodies wants a limit in bytes and one media type on every body.
func checkBodies(doc *openapi3.T) (f faults) {
	for _, op := range operations(doc) {
		limit, limited := op.Extensions["x-max-body"].(float64)
		if op.RequestBody == nil {
			if limited {
				f.add("%s: x-max-body without a body", op.name())
			}
			continue
		}
		if limit < 1 || limit > 65536 {
			f.add("%s: x-max-body %v", op.name(), op.Extensions["x-max-body"])
		}
		// RFC 6750 §2: the token of userInfoPost may be in the header instead.
		// RP-Initiated Logout §2: no parameter is required.
		required := op.OperationID != "userInfoPost" && op.OperationID != "requestLogoutPost"
		if n := len(op.RequestBody.Value.Content); n != 1 || op.RequestBody.Value.Required != required {
			f.add("%s: %d media types, required %v", op.name(), n, op.RequestBody.Value.Required)
		}
	}
	return f
}

// checkPathParameters wants a pattern on what stands in a path: the path of a
// request is matched byte by byte. Only a rest (x-rest) may hold slashes.
func checkPathParameters(doc *openapi3.T) (f faults) {
	for _, op := range operations(doc) {
		for _, p := range op.Parameters {
			if p.Value.In != "path" {
				continue
			}
			pattern, err := regexp.Compile(p.Value.Schema.Value.Pattern)
			switch {
			case err != nil || p.Value.Schema.Value.Pattern == "":
				f.add("%s: %s has no pattern", op.name(), p.Value.Name)
			case pattern.MatchString("a/b") && !isTrue(p.Value.Extensions["x-rest"]):
				f.add("%s: %s takes a slash without x-rest", op.name(), p.Value.Name)
			case !strings.HasSuffix(op.path, "/{"+p.Value.Name+"}"):
				f.add("%s: %s is not the last segment", op.name(), p.Value.Name)
			}
		}
	}
	return f
}

// checkSharedForms wants one schema where a path takes the same parameters by
// query and by form, so that neither way is laxer.
func checkSharedForms(doc *openapi3.T) (f faults) {
	for path, item := range doc.Paths.Map() {
		if item.Get == nil || item.Post == nil {
			continue
		}
		_, form := operation{path, "POST", item.Post}.body()
		for _, p := range item.Get.Parameters {
			if p.Value.In == "query" && p.Value.Schema.Value.Type.Is("object") && (form == nil || form.Schema.Ref == "" || form.Schema.Ref != p.Value.Schema.Ref) {
				f.add("%s: the query is not the form of POST", path)
			}
			if p.Value.Schema.Value.Type.Is("object") && (p.Value.Style != "form" || p.Value.Explode == nil || !*p.Value.Explode) {
				f.add("%s: %s is not style form, explode", path, p.Value.Name)
			}
		}
	}
	if !slices.ContainsFunc(operations(doc), func(o operation) bool { return o.OperationID == "authorizePost" }) {
		f.add("/authorize has no POST")
	}
	return f
}
