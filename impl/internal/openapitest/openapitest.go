package openapitest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/charterauth/charter"
)

// document is openapi.yaml, read once. Its schemas are only read afterwards, by
// any number of goroutines.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(charter.OpenAPI)
	if err == nil && !doc.IsOpenAPI31OrLater() {
		err = fmt.Errorf("openapi.yaml says OpenAPI %s; if/then and const would not be looked at", doc.OpenAPI)
	}
	return doc, err
})

// Validate reports an error of the test for everything in which res, the answer
// to r, is not what openapi.yaml says. Where nothing lies at the path of r, or
// nothing for its method, res must be what the document says of such requests.
// It reads the body of res and puts it back; it may be called from any goroutine.
func Validate(t testing.TB, r *http.Request, res *http.Response) {
	t.Helper()
	doc, err := document()
	if err != nil {
		t.Errorf("openapi.yaml: %v", err)
		return
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("%s %s: body: %v", r.Method, r.URL.Path, err)
		return
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	for _, fault := range check(doc, r.Method, r.URL.EscapedPath(), answer{res.StatusCode, res.Header, body}) {
		t.Errorf("%s %s: openapi.yaml: %s", r.Method, r.URL.EscapedPath(), fault)
	}
}

// An answer is what of a response the document speaks of.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// check returns in what a is not as doc says.
func check(doc *openapi3.T, method, path string, a answer) []string {
	if method == http.MethodOptions {
		return nil // preflights belong to the Fetch standard and have no operation
	}
	response, faults := declared(doc, method, path, a)
	if response == nil {
		return faults
	}
	faults = append(faults, checkHeaders(response, a)...)
	return append(faults, checkContent(response, a)...)
}

// before are the answers to requests that reach no operation. A path that is no
// operation's may end like one that is, so that 404 is possible everywhere.
var before = map[int]string{
	http.StatusNotFound:           "NothingHere",
	http.StatusMethodNotAllowed:   "MethodNotAllowed",
	http.StatusMisdirectedRequest: "Misdirected",
}

// declared returns what the document says of the status of an answer at an
// operation.
func declared(doc *openapi3.T, method, path string, a answer) (*openapi3.Response, []string) {
	op, status := operationAt(doc, method, path), a.status
	page := status == http.StatusNotFound && strings.HasPrefix(a.header.Get("Content-Type"), "text/html")
	if op != nil && !page {
		if ref := op.Responses.Status(status); ref != nil {
			return ref.Value, nil
		}
		if status != http.StatusNotFound {
			return nil, []string{fmt.Sprintf("%s does not declare status %d", op.OperationID, status)}
		}
	}
	if ref := doc.Components.Responses[before[status]]; ref != nil {
		return ref.Value, nil
	}
	return nil, []string{fmt.Sprintf("status %d where there is no operation", status)}
}

// operationAt returns the operation that a request reaches, nil for none. The
// issuer may have a path, which stands before that of the operation, or behind a
// well-known name (RFC 8414 §3.1).
func operationAt(doc *openapi3.T, method, path string) *openapi3.Operation {
	for _, metadata := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		if strings.HasPrefix(path, metadata+"/") {
			path = metadata
		}
	}
	for i := range len(path) {
		if path[i] != '/' {
			continue
		}
		if item := itemAt(doc, path[i:]); item != nil {
			return item.GetOperation(method)
		}
	}
	return nil
}

// itemAt returns what the document has at a path, whose one parameter is at its
// end if it has one.
func itemAt(doc *openapi3.T, path string) *openapi3.PathItem {
	if item := doc.Paths.Value(path); item != nil {
		return item
	}
	for template, item := range doc.Paths.Map() {
		prefix, _, ok := strings.Cut(template, "{")
		if rest, below := strings.CutPrefix(path, prefix); ok && below && rest != "" {
			return item
		}
	}
	return nil
}
