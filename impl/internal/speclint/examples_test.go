package speclint_test

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// requestExamples returns the names of the examples of o's parameters and body.
func (o operation) requestExamples() map[string]int {
	names := map[string]int{}
	for _, p := range o.Parameters {
		for name := range p.Value.Examples {
			names[name]++
		}
	}
	if _, content := o.body(); content != nil {
		for name := range content.Examples {
			names[name]++
		}
	}
	return names
}

// answerExamples returns the names of the examples of a response: in its content,
// or where it has none in a header.
func answerExamples(response *openapi3.Response) []string {
	names := map[string]bool{}
	for _, content := range response.Content {
		for name := range content.Examples {
			names[name] = true
		}
	}
	for _, header := range response.Headers {
		for name := range header.Value.Examples {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// checkExamplesExist wants an example of each answer that the reader may get.
func checkExamplesExist(doc *openapi3.T) (f faults) {
	for _, op := range operations(doc) {
		for status, response := range op.responses() {
			if len(answerExamples(response)) == 0 {
				f.add("%s %s: no example", op.name(), status)
			}
		}
		if len(op.Parameters) > 0 || op.RequestBody != nil {
			good, bad := 0, 0
			for status, response := range op.responses() {
				for _, name := range answerExamples(response) {
					switch asked := op.requestExamples()[name] > 0; {
					case asked && isSuccess(status):
						good++
					case asked:
						bad++
					}
				}
			}
			if good == 0 || bad == 0 {
				f.add("%s: %d requests that succeed, %d that fail", op.name(), good, bad)
			}
		}
	}
	return f
}

// checkExamplePairs wants each request example to be answered by the one response
// that has an example of its name, and by all parts of the request. A parameter
// that may be left out is left out where it has no example.
func checkExamplePairs(doc *openapi3.T) (f faults) {
	for _, op := range operations(doc) {
		parts, optional := 0, 0
		for _, p := range op.Parameters {
			if p.Value.Required || p.Value.Schema.Value.Type.Is("object") {
				parts++
			} else {
				optional++
			}
		}
		if op.RequestBody != nil {
			parts++
		}
		for name, n := range op.requestExamples() {
			if n < parts || n > parts+optional {
				f.add("%s: example %s is in %d of %d parts of the request", op.name(), name, n, parts)
			}
			var at []string
			for status, response := range op.responses() {
				if slices.Contains(answerExamples(response), name) {
					at = append(at, status)
				}
			}
			if len(at) != 1 {
				f.add("%s: example %s is answered by %q", op.name(), name, at)
			}
		}
		if parts == 0 {
			continue
		}
		for status, response := range op.responses() {
			for _, name := range answerExamples(response) {
				if isSuccess(status) && op.requestExamples()[name] == 0 {
					f.add("%s %s: nobody asks for example %s", op.name(), status, name)
				}
			}
		}
	}
	return f
}

// checkExampleValues wants every example to be what its schema demands.
func checkExampleValues(doc *openapi3.T) (f faults) {
	check := func(where string, examples openapi3.Examples, s *openapi3.Schema) {
		for name, example := range examples {
			// Without EnableJSONSchema2020 if/then would not be looked at.
			if err := s.VisitJSON(example.Value.Value, openapi3.EnableJSONSchema2020()); err != nil {
				f.add("%s, example %s: %v", where, name, err)
			}
		}
	}
	for _, op := range operations(doc) {
		for _, p := range op.Parameters {
			check(op.name()+" "+p.Value.Name, p.Value.Examples, p.Value.Schema.Value)
		}
		if _, content := op.body(); content != nil {
			check(op.name()+" body", content.Examples, content.Schema.Value)
		}
		for status, response := range op.responses() {
			for name, header := range response.Headers {
				check(op.name()+" "+status+" "+name, header.Value.Examples, header.Value.Schema.Value)
			}
			for _, content := range response.Content {
				check(op.name()+" "+status, content.Examples, content.Schema.Value)
			}
		}
	}
	return f
}
