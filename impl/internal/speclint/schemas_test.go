package speclint_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// checkLimits wants an upper bound on every string and array: what has none can
// be made to cost whatever a sender likes.
func checkLimits(doc *openapi3.T) (f faults) {
	for _, p := range places(doc) {
		fixed := len(p.schema.Enum) > 0 || p.schema.Const != nil
		if p.schema.Type.Is("string") && !fixed && p.schema.MaxLength == nil {
			f.add("%s: no maxLength", p.where)
		}
		if p.schema.Type.Is("array") && (p.schema.MaxItems == nil || p.schema.Items == nil) {
			f.add("%s: no maxItems, or no items", p.where)
		}
	}
	return f
}

func checkTypes(doc *openapi3.T) (f faults) {
	for _, p := range places(doc) {
		if p.schema.Type == nil || len(*p.schema.Type) != 1 {
			f.add("%s: not one type", p.where)
		}
	}
	return f
}

// checkEnums wants enums to be schemas of their own: written inline, each would
// be another Go type.
func checkEnums(doc *openapi3.T) (f faults) {
	for _, p := range places(doc) {
		if named := doc.Components.Schemas[p.where]; len(p.schema.Enum) > 0 && named == nil {
			f.add("%s: an enum without a name", p.where)
		}
	}
	return f
}

// checkNames keeps apart what becomes a Go name: schemas, response components
// and what is made of an operation.
func checkNames(doc *openapi3.T) (f faults) {
	made := map[string]string{}
	for _, op := range operations(doc) {
		name := strings.ToUpper(op.OperationID[:min(1, len(op.OperationID))]) + op.OperationID[min(1, len(op.OperationID)):]
		for _, suffix := range []string{"Input", "Output", "Params", "Request", "Response", "Result"} {
			made[name+suffix] = op.OperationID
		}
	}
	delete(made, "TokenRequest") // the templates make no such type, and RFC 6749 §4.1.3 has no other word
	for name := range doc.Components.Schemas {
		if doc.Components.Responses[name] != nil {
			f.add("%s: a schema and a response", name)
		}
		if made[name] != "" {
			f.add("%s: a schema, and a type of operation %s", name, made[name])
		}
	}
	return f
}

// checkUnused wants every component to be referred to.
func checkUnused(doc *openapi3.T) (f faults) {
	source, err := json.Marshal(doc)
	if err != nil {
		f.add("%v", err)
	}
	unused := func(kind string, names []string) {
		for _, name := range names {
			if !strings.Contains(string(source), `"#/components/`+kind+`/`+name+`"`) {
				f.add("%s %s: nothing refers to it", kind, name)
			}
		}
	}
	unused("schemas", slices.Sorted(maps.Keys(doc.Components.Schemas)))
	unused("responses", slices.Sorted(maps.Keys(doc.Components.Responses)))
	unused("headers", slices.Sorted(maps.Keys(doc.Components.Headers)))
	for name := range doc.Components.SecuritySchemes {
		if !slices.ContainsFunc(slices.Collect(maps.Values(guards)), func(g guard) bool { return strings.Contains("|"+g.security+"|", "|"+name+"|") }) {
			f.add("security scheme %s: no operation uses it", name)
		}
	}
	return f
}

// checkClientMetadata wants the three schemas that hold client metadata to hold
// the same: an update must not be laxer than a registration, and what was
// registered must be answerable. Lists to choose from are never answered (OpenID
// Connect RP Metadata Choices §2).
func checkClientMetadata(doc *openapi3.T) (f faults) {
	sent := doc.Components.Schemas["ClientMetadata"].Value
	for _, name := range []string{"ClientUpdate", "ClientInformation"} {
		other := doc.Components.Schemas[name].Value
		for member, want := range sent.Properties {
			got := other.Properties[member]
			if name == "ClientInformation" && strings.HasSuffix(member, "_supported") {
				if got != nil {
					f.add("%s.%s: a list to choose from", name, member)
				}
				continue
			}
			if got == nil || constraints(got) != constraints(want) {
				f.add("%s.%s: not as in ClientMetadata", name, member)
			}
		}
		for member := range other.Properties {
			if sent.Properties[member] == nil && !slices.Contains(serverSays, member) {
				f.add("%s.%s: not in ClientMetadata", name, member)
			}
		}
	}
	return f
}

// serverSays are the members that a client cannot choose (RFC 7591 §3.2.1, RFC
// 7592 §3).
var serverSays = []string{"client_id", "client_secret", "client_id_issued_at", "client_secret_expires_at", "registration_access_token", "registration_client_uri"}

// constraints spells what a property demands, without what only decides the
// error code.
func constraints(ref *openapi3.SchemaRef) string {
	s := *ref.Value
	s.Extensions, s.Description = nil, ""
	b, err := json.Marshal(&openapi3.SchemaRef{Ref: ref.Ref, Value: &s})
	if err != nil {
		return err.Error()
	}
	return string(b)
}
