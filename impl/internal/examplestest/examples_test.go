package examplestest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/getkin/kin-openapi/openapi3"
)

// TestExamples sends every request example of openapi.yaml to a server that
// holds the records the examples speak of, a new one for each, and compares the
// answer with the example of the same name. Values that the server draws at
// random (tokens, identifiers, times) are compared by presence.
func TestExamples(t *testing.T) {
	source, err := os.ReadFile("../../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(source)
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for _, name := range exampleNames(op) {
				t.Run(op.OperationID+"/"+name, func(t *testing.T) {
					r := request(t, method, path, op, name)
					w := httptest.NewRecorder()
					newServer(t, op.OperationID, name).ServeHTTP(w, r)
					res := w.Result()
					openapitest.Validate(t, r, res)
					compare(t, op, name, res)
				})
			}
		}
	}
}

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
		for name := range op.Responses.Value("200").Value.Content["application/json"].Examples {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func request(t *testing.T, method, path string, op *openapi3.Operation, name string) *http.Request {
	header := http.Header{}
	note := func(e *openapi3.Example) {
		if v, ok := e.Extensions["x-authorization"].(string); ok {
			header.Set("Authorization", v)
		}
		if v, ok := e.Extensions["x-cookie"].(string); ok {
			header.Set("Cookie", v)
		}
	}
	query, body := url.Values{}, ""
	for _, p := range op.Parameters {
		e := p.Value.Examples[name].Value
		note(e)
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
			e := c.Examples[name].Value
			note(e)
			header.Set("Content-Type", mediaType)
			if mediaType == "application/json" {
				b, err := json.Marshal(e.Value)
				if err != nil {
					t.Fatal(err)
				}
				body = string(b)
			} else {
				body = form(e.Value.(map[string]any)).Encode()
			}
		}
	}
	target := "https://auth.example.com" + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header = header
	return r
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

// title returns the title of a page.
func title(page string) string {
	_, rest, _ := strings.Cut(page, "<title>")
	name, _, _ := strings.Cut(rest, "</title>")
	return strings.TrimSpace(name)
}

const random = "access_token refresh_token client_id client_secret client_id_issued_at registration_access_token registration_client_uri code request keys exp iat"

func isRandom(name string) bool { return slices.Contains(strings.Fields(random), name) }

func compare(t *testing.T, op *openapi3.Operation, name string, res *http.Response) {
	b, _ := io.ReadAll(res.Body)
	for status, ref := range op.Responses.Map() {
		for _, c := range ref.Value.Content {
			if e := c.Examples[name]; e != nil {
				expect(t, status, res, b)
				if want, ok := e.Value.Value.(map[string]any); ok {
					var got map[string]any
					if err := json.Unmarshal(b, &got); err != nil {
						t.Fatalf("%v: %s", err, b)
					}
					sameMembers(t, want, got)
				} else if want := title(e.Value.Value.(string)); title(string(b)) != want {
					t.Errorf("the page is called %q, want %q", title(string(b)), want)
				}
				return
			}
		}
		for header, h := range ref.Value.Headers {
			if e := h.Value.Examples[name]; e != nil {
				expect(t, status, res, b)
				want, got := e.Value.Value.(string), res.Header.Get(header)
				if header != "Location" {
					if got != want {
						t.Errorf("%s %q, want %q", header, got, want)
					}
					return
				}
				sameLocation(t, want, got)
				return
			}
		}
	}
	t.Errorf("no answer for it: %d %s", res.StatusCode, b)
}

func expect(t *testing.T, status string, res *http.Response, b []byte) {
	t.Helper()
	if got := res.Status[:3]; got != status {
		t.Errorf("status %s, want %s: %v %s", got, status, res.Header, b)
	}
}

func sameMembers(t *testing.T, want, got map[string]any) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		w, _ := json.Marshal(want[name])
		g, ok := got[name]
		gb, _ := json.Marshal(g)
		if !ok || !isRandom(name) && string(w) != string(gb) {
			t.Errorf("%s is %s, want %s", name, gb, w)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %v is not in the example", name, got[name])
		}
	}
}

func sameLocation(t *testing.T, want, got string) {
	t.Helper()
	wp, wq, _ := strings.Cut(want, "?")
	gp, gq, _ := strings.Cut(got, "?")
	wv, _ := url.ParseQuery(wq)
	gv, _ := url.ParseQuery(gq)
	if wp != gp || !slices.Equal(slices.Sorted(maps.Keys(wv)), slices.Sorted(maps.Keys(gv))) {
		t.Errorf("Location %s, want %s", got, want)
	}
	for name := range wv {
		if !isRandom(name) && wv.Get(name) != gv.Get(name) {
			t.Errorf("Location: %s is %q, want %q", name, gv.Get(name), wv.Get(name))
		}
	}
}
