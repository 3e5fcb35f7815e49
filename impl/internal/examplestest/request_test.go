package examplestest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// request makes the request that the examples with this name describe.
func request(t *testing.T, method, path string, op *openapi3.Operation, name string) *http.Request {
	t.Helper()
	header, query, body := http.Header{}, url.Values{}, ""
	for _, p := range op.Parameters {
		if p.Value.Examples[name] == nil {
			continue // it is left out
		}
		e := p.Value.Examples[name].Value
		carry(header, e)
		switch v := e.Value.(type) {
		case string:
			if p.Value.In == "path" {
				path = strings.Replace(path, "{"+p.Value.Name+"}", v, 1)
			} else {
				query.Set(p.Value.Name, v)
			}
		case map[string]any:
			query = form(v)
		}
	}
	if op.RequestBody != nil {
		for mediaType, c := range op.RequestBody.Value.Content {
			carry(header, c.Examples[name].Value)
			header.Set("Content-Type", mediaType)
			body = encode(t, mediaType, c.Examples[name].Value.Value)
		}
	}
	if len(op.Parameters) == 0 && op.RequestBody == nil { // the answer says what else it takes
		carry(header, successes(op)[name].Value)
	}
	target := issuer + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header = header
	return r
}

// carry sets the headers that an example says a request has.
func carry(header http.Header, e *openapi3.Example) {
	for extension, name := range map[string]string{"x-authorization": "Authorization", "x-cookie": "Cookie"} {
		if v, ok := e.Extensions[extension].(string); ok {
			header.Set(name, v)
		}
	}
}

func encode(t *testing.T, mediaType string, value any) string {
	t.Helper()
	if mediaType != "application/json" {
		return form(value.(map[string]any)).Encode()
	}
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func form(members map[string]any) url.Values {
	v := url.Values{}
	for name, value := range members {
		switch value := value.(type) {
		case string:
			v.Add(name, value)
		case []any:
			for _, item := range value {
				v.Add(name, item.(string))
			}
		}
	}
	return v
}
