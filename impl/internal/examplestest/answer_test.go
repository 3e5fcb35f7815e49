package examplestest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// compare holds an answer to the example with this name, which stands in the
// content of one response or, where that has none, in a header.
func compare(t *testing.T, op *openapi3.Operation, name string, res *http.Response) {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	status, inContent, inHeaders := answerExample(op, name)
	if status == "" {
		t.Fatalf("the document has no answer to it; the server's is %d %s", res.StatusCode, body)
	}
	if got := res.Status[:3]; got != status {
		t.Errorf("status %s, want %s: %v %s", got, status, res.Header, body)
	}
	switch want := inContent.(type) {
	case map[string]any:
		var got map[string]any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if status == "201" { // a registration draws its identifier too
			want["client_id"], want["registration_client_uri"] = got["client_id"], issuer+"/register/"+fmt.Sprint(got["client_id"])
		}
		sameMembers(t, want, got)
	case string:
		samePage(t, want, string(body))
	}
	for header, want := range inHeaders {
		if got := res.Header.Get(header); header == "Location" {
			sameLocation(t, want, got)
		} else if got != want {
			t.Errorf("%s %q, want %q", header, got, want)
		}
	}
}

// answerExample returns what the document says is answered to the request
// example with this name: the status, and the examples of content and headers.
func answerExample(op *openapi3.Operation, name string) (status string, content any, headers map[string]string) {
	for code, ref := range op.Responses.Map() {
		for _, c := range ref.Value.Content {
			if e := c.Examples[name]; e != nil {
				status, content = code, e.Value.Value
			}
		}
		for header, h := range ref.Value.Headers {
			if e := h.Value.Examples[name]; e != nil {
				if headers == nil {
					headers = map[string]string{}
				}
				status = code
				headers[header], _ = e.Value.Value.(string)
			}
		}
	}
	return status, content, headers
}

// random are the members and parameters that the server draws.
var random = []string{"access_token", "refresh_token", "client_secret", "registration_access_token", "code", "request"}

// same reports whether got is what an example says. What is drawn must be of the
// same kind and length.
func same(name string, want, got any) bool {
	w, isText := want.(string)
	g, _ := got.(string)
	switch {
	case name == "keys": // of whatever key was made
		return got != nil
	case name == "id_token":
		return sameClaims(w, g)
	case slices.Contains(random, name) && w != "apps": // the one handle that is a word
		prefix, _, _ := strings.Cut(w, "_")
		return isText && len(g) == len(w) && strings.HasPrefix(g, prefix+"_")
	}
	wb, errWant := json.Marshal(want)
	gb, errGot := json.Marshal(got)
	return errWant == nil && errGot == nil && string(wb) == string(gb)
}

// sameClaims compares what two ID Tokens tell. Keys and access tokens are made
// anew every time, so signatures and at_hash differ; that they are good is other
// tests' to say.
func sameClaims(want, got string) bool {
	var claims [2]map[string]any
	for i, token := range []string{want, got} {
		parts := strings.Split(token, ".")
		if len(parts) != 3 {
			return false
		}
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil || json.Unmarshal(payload, &claims[i]) != nil || claims[i]["at_hash"] == nil {
			return false
		}
		delete(claims[i], "at_hash")
	}
	return reflect.DeepEqual(claims[0], claims[1])
}

func sameMembers(t *testing.T, want, got map[string]any) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !same(name, want[name], got[name]) {
			t.Errorf("%s is %v, want %v", name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %v is not in the example", name, got[name])
		}
	}
}

// samePage compares titles, and wants the text of the example on the page.
func samePage(t *testing.T, want, got string) {
	t.Helper()
	wantTitle, wantText := read(want)
	title, text := read(got)
	if wantTitle != title || !strings.Contains(strings.ToLower(text), strings.ToLower(wantText)) {
		t.Errorf("the page is called %q and says %q; want %q, %q", title, text, wantTitle, wantText)
	}
}

var tag = regexp.MustCompile(`<[^>]*>`)

// read returns the title and the text of a page.
func read(page string) (title, text string) {
	_, rest, _ := strings.Cut(page, "<title>")
	title, rest, _ = strings.Cut(rest, "</title>")
	if _, body, ok := strings.Cut(rest, "</head>"); ok {
		rest = body
	}
	text = html.UnescapeString(tag.ReplaceAllString(rest, " "))
	return strings.TrimSpace(title), strings.Join(strings.Fields(text), " ")
}

func sameLocation(t *testing.T, want, got string) {
	t.Helper()
	w, err := url.Parse(want)
	if err != nil {
		t.Fatal(err)
	}
	g, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	wantQuery, query := w.Query(), g.Query()
	if w.Scheme != g.Scheme || w.Host != g.Host || w.Path != g.Path || len(query) != len(wantQuery) {
		t.Errorf("Location %s, want %s", got, want)
	}
	for name := range wantQuery {
		if !same(name, wantQuery.Get(name), query.Get(name)) {
			t.Errorf("Location: %s is %q, want %q", name, query.Get(name), wantQuery.Get(name))
		}
	}
}
