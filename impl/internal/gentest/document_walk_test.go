package gentest_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
)

// reached reports whether the request came through to the implementation.
func reached(t *testing.T, h http.Handler, q request) (bool, int, http.Header, string) {
	t.Helper()
	w := send(t, h, q)
	return w.Code == statusReached, w.Code, w.Header(), w.Body.String()
}

// The walks send each operation of openapi.yaml what it must refuse. The
// positive control of all of them: the request they start from is let through.
func TestDocumentControl(t *testing.T) {
	h := (&fake{}).handler()
	for _, op := range operations(t) {
		if ok, code, _, body := reached(t, h, op.valid); !ok {
			t.Errorf("%s: %d %s", op.id, code, body)
		}
	}
}

// The table of operations says what the document says.
func TestDocumentOperationTable(t *testing.T) {
	byID := map[string]gen.Operation{}
	for _, op := range gen.Operations {
		byID[op.ID] = op
	}
	all := operations(t)
	if len(byID) != len(all) {
		t.Errorf("%d operations, the document has %d", len(byID), len(all))
	}
	for _, op := range all {
		got := byID[op.id]
		spec, _ := op.spec.Extensions["x-spec"].(string)
		if got.Method != op.method || got.Path != op.path || got.Spec != spec || got.Spec == "" || !slices.Equal(got.Tags, op.spec.Tags) || got.Summary == "" {
			t.Errorf("%s: %+v", op.id, got)
		}
		if cors, ok := op.spec.Extensions["x-cors"].(string); ok && string(got.CORS) != cors {
			t.Errorf("%s: CORS %s", op.id, got.CORS)
		}
		if len(got.Security) != len(*op.spec.Security) {
			t.Errorf("%s: security %v", op.id, got.Security)
		}
		for i, alternative := range *op.spec.Security {
			if !slices.Equal(got.Security[i], slices.Sorted(maps.Keys(alternative))) {
				t.Errorf("%s: security %v", op.id, got.Security)
			}
		}
	}
}

// GEN-45 on every operation: what declares security answers 401 without
// credentials, in whatever else they are put.
func TestDocumentGEN45Security(t *testing.T) {
	h := (&fake{}).handler()
	secured := 0
	for _, op := range operations(t) {
		if !op.secured {
			continue
		}
		secured++
		q := op.valid.anonymous()
		q.body = strings.TrimPrefix(strings.ReplaceAll(q.body, "&client_id=c", ""), "access_token=t")
		for _, header := range []string{"", "\nCookie: access_token=t", "\nAuthorization: Digest x", "\nAuthorization: Bearer", "\nProxy-Authorization: Basic YTpi"} {
			with := q
			with.header += header
			if ok, code, _, _ := reached(t, h, with); ok || code != 401 {
				t.Errorf("%s with %q: %d", op.id, header, code)
			}
		}
	}
	if secured < 6 {
		t.Errorf("only %d operations declare security", secured)
	}
}

// GEN-4, GEN-5, GEN-6, GEN-13, GEN-20, GEN-23 and GEN-24 on every form and query.
func TestDocumentForms(t *testing.T) {
	proof.Of(t, "ATK-157")
	h := (&fake{}).handler()
	for _, op := range operations(t) {
		if op.schema == nil || op.isJSON {
			continue
		}
		valid := validForms[op.id]
		for name, p := range op.schema.Properties {
			if p.Value.Type.Is("array") {
				continue
			}
			q := op.with(valid + "&" + name + "=x&" + name + "=x")
			if ok, code, header, _ := reached(t, h, q); ok || code != 400 || header.Get("Code") != "invalid_request" || header.Get("Param") != name {
				t.Errorf("GEN-4 %s: %s twice: %d %v", op.id, name, code, header)
			}
			if !strings.Contains(valid, name+"=") {
				if ok, code, _, body := reached(t, h, op.with(valid+"&"+name+"=&"+name+"=")); !ok {
					t.Errorf("GEN-6 %s: %s empty: %d %s", op.id, name, code, body)
				}
			}
			if ok, code, _, _ := reached(t, h, op.with(valid+"&"+name+"=%00")); ok || code != 400 {
				t.Errorf("GEN-23 %s: %s=NUL: %d", op.id, name, code)
			}
			if ok, code, _, _ := reached(t, h, op.with(valid+"&"+name+"="+strings.Repeat("a", 20000))); ok || code != 400 && code != 413 {
				t.Errorf("ATK-157 %s: %s of 20 000 bytes: %d", op.id, name, code)
			}
		}
		for _, name := range op.schema.Required {
			without := strings.ReplaceAll("&"+valid, "&"+name+"=", "&x=")
			if ok, code, header, body := reached(t, h, op.with(without)); ok || code != 400 || header.Get("Param") != name || !strings.HasSuffix(body, "is required") {
				t.Errorf("GEN-2 %s: without %s: %d %s", op.id, name, code, body)
			}
		}
		for rest, want := range map[string]int{
			"&foo=1&foo=2": statusReached, "&=1&&": statusReached, "&resource[=x": statusReached, "&resource[30000000]=x": statusReached, "&code[]=1&code.x=2": statusReached,
			"&foo=%zz": 400, "&foo=%": 400, "&a=1;b=2": 400, strings.Repeat("&a", 10001): 400,
		} {
			if _, code, _, body := reached(t, h, op.with(valid+rest)); code != want && !(code == 413 && want == 400) {
				t.Errorf("%s with %.20s: %d %s", op.id, rest, code, body)
			}
		}
	}
}

// GEN-15 to GEN-22 and GEN-31 on every operation with a body.
func TestDocumentBodies(t *testing.T) {
	h := (&fake{}).handler()
	for _, op := range operations(t) {
		if op.spec.RequestBody == nil {
			continue
		}
		credentials, contentType, _ := strings.Cut(op.valid.header, "\n")
		other := jsonType
		if op.isJSON {
			other = formType
		}
		for header, want := range map[string]int{
			contentType + "; charset=UTF-8": statusReached, strings.ToUpper(contentType[:20]) + contentType[20:]: statusReached,
			"": 400, other: 400, "Content-Type: text/plain": 400, "Content-Type: multipart/form-data; boundary=x": 400,
			contentType + "\n" + contentType: 400, contentType + "; charset=utf-16": 400,
			contentType + "\nContent-Encoding: gzip": 415, contentType + "\nContent-Encoding: br": 415,
		} {
			q := op.valid
			q.header = strings.Replace(credentials+"\n"+header, "CONTENT-TYPE", "Content-Type", 1)
			if _, code, _, body := reached(t, h, q); code != want {
				t.Errorf("%s with %q: %d %s", op.id, header, code, body)
			}
		}
		for _, length := range []int64{0, -1} {
			q := op.valid
			q.body, q.length = q.body+strings.Repeat(" ", 1<<17), length
			if _, code, _, body := reached(t, h, q); code != 413 {
				t.Errorf("GEN-21 %s: %d %s", op.id, code, body)
			}
		}
		if op.isJSON {
			q := op.valid
			q.body += "{}"
			if _, code, header, _ := reached(t, h, q); code != 400 || header.Get("Code") != "invalid_client_metadata" {
				t.Errorf("GEN-31 %s: %d %v", op.id, code, header)
			}
			continue
		}
		for name := range op.schema.Properties {
			q := op.valid
			q.line += "?" + name + "=x"
			if ok, code, header, _ := reached(t, h, q); ok || code != 400 || header.Get("Param") != name {
				t.Errorf("GEN-16 %s: %s in the query: %d %v", op.id, name, code, header)
			}
		}
		q := op.valid
		q.line, q.body = q.line+"?"+q.body, ""
		want := "is required"
		if !op.spec.RequestBody.Value.Required {
			want = "must be in the body, not in the query"
		}
		if ok, code, _, body := reached(t, h, q); ok || code != 400 || !strings.HasSuffix(body, want) {
			t.Errorf("GEN-15 %s: %d %s", op.id, code, body)
		}
	}
}

// GEN-36 to GEN-39 on every path.
func TestDocumentRouting(t *testing.T) {
	h := (&fake{}).handler()
	methods := map[string][]string{}
	for _, op := range operations(t) {
		methods[op.path] = append(methods[op.path], op.method)
	}
	for _, op := range operations(t) {
		_, target, _ := strings.Cut(op.valid.line, " ")
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "X"} {
			if slices.Contains(methods[op.path], method) {
				continue
			}
			q := op.valid
			q.line = method + " " + target
			slices.Sort(methods[op.path])
			if ok, code, header, _ := reached(t, h, q); ok || code != 405 || header.Get("Allow") != strings.Join(methods[op.path], ", ") {
				t.Errorf("%s %s: %d Allow %q", method, target, code, header.Get("Allow"))
			}
		}
		path, query, _ := strings.Cut(target, "?")
		for _, spelled := range []string{"/" + path, "/." + path, "/x/.." + path, path[:1] + "%" + hex(path[1]) + path[2:], strings.ToUpper(path[:2]) + path[2:], "/x" + path} {
			q := op.valid
			q.line = op.method + " " + spelled + "?" + query
			if ok, code, header, _ := reached(t, h, q); spelled != path && (ok || code != 404 || header.Get("Location") != "") {
				t.Errorf("%s: %d %v", q.line, code, header)
			}
		}
		if !strings.Contains(op.path, "{") {
			q := op.valid
			q.line = op.method + " " + path + "/?" + query
			if ok, _, _, _ := reached(t, h, q); ok {
				t.Errorf("%s: reached", q.line)
			}
		}
	}
	for _, id := range []string{"", "a.b", "a%62", "a/b", "é", strings.Repeat("a", 200)} {
		if _, code, _, _ := reached(t, h, request{line: "GET /register/" + id, header: "Authorization: Bearer t"}); code != 404 {
			t.Errorf("GEN-36 client_id %q: %d", id, code)
		}
	}
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}
