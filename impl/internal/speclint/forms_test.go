package speclint_test

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// checkForms wants forms to be flat, with x-repeatable on exactly the arrays,
// and open: an unknown parameter is ignored (RFC 6749 §3.1).
func checkForms(doc *openapi3.T) (f faults) {
	for name, ref := range doc.Components.Schemas {
		s := ref.Value
		if !isTrue(s.Extensions["x-form"]) {
			continue
		}
		if s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has || len(s.OneOf)+len(s.AnyOf) > 0 {
			f.add("%s: a form is open and has no variants", name)
		}
		for member, p := range s.Properties {
			array := p.Value.Type.Is("array")
			if array != isTrue(extension(p, "x-repeatable")) {
				f.add("%s.%s: x-repeatable and array do not go together", name, member)
			}
			if p.Value.Type.Is("object") || array && !p.Value.Items.Value.Type.Is("string") {
				f.add("%s.%s: not flat", name, member)
			}
		}
	}
	return f
}

// checkDecoded wants a decoder for all that is read: x-form on the schemas of
// forms and query objects, x-json on those of JSON bodies, inner ones included.
func checkDecoded(doc *openapi3.T) (f faults) {
	for _, op := range operations(doc) {
		for _, p := range op.Parameters {
			if s := p.Value.Schema.Value; s.Type.Is("object") && !isTrue(s.Extensions["x-form"]) {
				f.add("%s: the query is no x-form", op.name())
			}
		}
		switch mediaType, content := op.body(); mediaType {
		case "":
		case "application/x-www-form-urlencoded":
			if !isTrue(content.Schema.Value.Extensions["x-form"]) {
				f.add("%s: the body is no x-form", op.name())
			}
		case "application/json":
			f = append(f, notDecoded(op.name(), content.Schema.Value)...)
		default:
			f.add("%s: media type %s", op.name(), mediaType)
		}
	}
	return f
}

func notDecoded(where string, s *openapi3.Schema) (f faults) {
	switch {
	case s.Type.Is("object"):
		if !isTrue(s.Extensions["x-json"]) {
			f.add("%s: an object of the body is no x-json", where)
		}
		for name, p := range s.Properties {
			f = append(f, notDecoded(where+"."+name, p.Value)...)
		}
	case s.Type.Is("array"):
		f = append(f, notDecoded(where+"[]", s.Items.Value)...)
	}
	return f
}

// lookedAtFirst are the properties that are looked at before all others, because what
// else is wrong depends on them.
var lookedAtFirst = map[string]string{"TokenRequest": "grant_type", "AuthorizationRequest": "client_id"}

// checkOrder wants no two properties at one place in the order of checks.
func checkOrder(doc *openapi3.T) (f faults) {
	for name, ref := range doc.Components.Schemas {
		at := map[float64]string{}
		for member, p := range ref.Value.Properties {
			n, ordered := extension(p, "x-order").(float64)
			if !ordered {
				continue
			}
			if n < 1 || at[n] != "" {
				f.add("%s.%s: x-order %v, as %s", name, member, n, at[n])
			}
			at[n] = member
		}
		if want := lookedAtFirst[name]; want != "" && at[1] != want {
			f.add("%s: %q is looked at first, not %s", name, at[1], want)
		}
	}
	return f
}

// checkConditions wants a named branch for each value of what a condition looks
// at, and members that exist.
func checkConditions(doc *openapi3.T) (f faults) {
	for name, ref := range doc.Components.Schemas {
		branches := map[string][]any{}
		for _, inner := range ref.Value.AllOf {
			if inner.Value.If == nil {
				continue
			}
			if inner.Value.Then == nil || inner.Value.Then.Value.Title == "" {
				f.add("%s: a branch without a title", name)
				continue
			}
			for member, p := range inner.Value.If.Value.Properties {
				branches[member] = append(branches[member], p.Value.Const)
				if !slices.Contains(inner.Value.If.Value.Required, member) {
					f.add("%s: a branch is taken without %s", name, member)
				}
			}
			for _, member := range inner.Value.Then.Value.Required {
				if ref.Value.Properties[member] == nil {
					f.add("%s: branch %s needs %s, which does not exist", name, inner.Value.Then.Value.Title, member)
				}
			}
		}
		for member, values := range branches {
			for _, v := range ref.Value.Properties[member].Value.Enum {
				if !slices.Contains(values, v) {
					f.add("%s: no branch for %s %v", name, member, v)
				}
			}
		}
		for have, need := range ref.Value.DependentRequired {
			for _, member := range append(need, have) {
				if ref.Value.Properties[member] == nil {
					f.add("%s: dependentRequired names %s", name, member)
				}
			}
		}
		for _, member := range ref.Value.Required {
			if ref.Value.Properties[member] == nil {
				f.add("%s: required names %s", name, member)
			}
		}
	}
	return f
}
