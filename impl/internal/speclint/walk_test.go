package speclint_test

import (
	"cmp"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// An operation of the document with where it stands.
type operation struct {
	path, method string
	*openapi3.Operation
}

// name is the operationId, or where the operation stands if it has none.
func (o operation) name() string { return cmp.Or(o.OperationID, o.method+" "+o.path) }

// operations returns every operation, ordered by path and method.
func operations(doc *openapi3.T) []operation {
	var all []operation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		byMethod := doc.Paths.Value(path).Operations()
		for _, method := range slices.Sorted(maps.Keys(byMethod)) {
			all = append(all, operation{path, method, byMethod[method]})
		}
	}
	return all
}

// responses returns the responses of o by status, references followed.
func (o operation) responses() map[string]*openapi3.Response {
	all := make(map[string]*openapi3.Response)
	for status, ref := range o.Responses.Map() {
		all[status] = ref.Value
	}
	return all
}

// body returns the media type and the content of the request body, which has
// one; "" and nil when there is no body.
func (o operation) body() (string, *openapi3.MediaType) {
	if o.RequestBody == nil {
		return "", nil
	}
	for mediaType, content := range o.RequestBody.Value.Content {
		return mediaType, content
	}
	return "", nil
}

// A place is a schema that is written in the document, with where.
type place struct {
	where  string
	schema *openapi3.Schema
}

// places returns every schema that is written out, the ones inside others
// included; references are not followed, so that each comes once. Conditions (if
// and then) are not among them.
func places(doc *openapi3.T) []place {
	var all []place
	add := func(where string, ref *openapi3.SchemaRef) { all = appendPlaces(all, where, ref) }
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		add(name, doc.Components.Schemas[name])
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Headers)) {
		add("header "+name, doc.Components.Headers[name].Value.Schema)
	}
	addResponse := func(where string, ref *openapi3.ResponseRef) {
		for name, header := range ref.Value.Headers {
			if header.Ref == "" {
				add(where+" header "+name, header.Value.Schema)
			}
		}
		for _, content := range ref.Value.Content {
			add(where, content.Schema)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Responses)) {
		addResponse("response "+name, doc.Components.Responses[name])
	}
	for _, op := range operations(doc) {
		for _, p := range op.Parameters {
			add(op.name()+" parameter "+p.Value.Name, p.Value.Schema)
		}
		if _, content := op.body(); content != nil {
			add(op.name()+" body", content.Schema)
		}
		for status, ref := range op.Responses.Map() {
			if ref.Ref == "" {
				addResponse(op.name()+" "+status, ref)
			}
		}
	}
	return all
}

func appendPlaces(all []place, where string, ref *openapi3.SchemaRef) []place {
	if ref == nil || ref.Ref != "" {
		return all
	}
	s := ref.Value
	all = append(all, place{where, s})
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		all = appendPlaces(all, where+"."+name, s.Properties[name])
	}
	all = appendPlaces(all, where+"[]", s.Items)
	for _, inner := range slices.Concat(s.OneOf, s.AnyOf, s.AllOf) {
		if inner.Value.If == nil {
			all = appendPlaces(all, where, inner)
		}
	}
	return appendPlaces(all, where, s.Not)
}

// extension returns an x- member of a property, which may stand beside a
// reference.
func extension(ref *openapi3.SchemaRef, name string) any {
	if v, ok := ref.Extensions[name]; ok {
		return v
	}
	return ref.Value.Extensions[name]
}

func isTrue(v any) bool { b, _ := v.(bool); return b }

// texts returns the strings of an array in an extension.
func texts(v any) []string {
	list, _ := v.([]any)
	var all []string
	for _, item := range list {
		s, _ := item.(string)
		all = append(all, s)
	}
	return all
}
