package gentest_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/gentest/probe"
)

func TestContentType(t *testing.T) {
	const typ = "Content-Type: "
	for _, row := range []struct {
		id, header string
		status     int
	}{
		{"GEN-17 absent", "", 400},
		{"GEN-17", typ + "application/json", 400},
		{"GEN-17", typ + "multipart/form-data; boundary=x", 400},
		{"GEN-17", typ + "text/plain", 400},
		{"GEN-17 prefix", typ + "application/x-www-form-urlencodedx", 400},
		{"GEN-17 list", typ + "application/x-www-form-urlencoded, text/plain", 400},
		{"GEN-17 malformed", typ + "application/x-www-form-urlencoded; charset", 400},
		{"GEN-18", formType, 200},
		{"GEN-18", formType + "; charset=UTF-8", 200},
		{"GEN-18", typ + "Application/X-WWW-Form-Urlencoded;charset=\"utf-8\"", 200},
		{"GEN-19 two", formType + "\n" + formType, 400},
		{"GEN-19", formType + "; charset=utf-16", 400},
		{"GEN-19", formType + "; charset=utf-7", 400},
		{"GEN-22", formType + "\nContent-Encoding: gzip", 415},
		{"GEN-22", formType + "\nContent-Encoding: br", 415},
		{"GEN-22", formType + "\nContent-Encoding: identity", 415},
	} {
		f := &probeFake{}
		w := send(t, f.handler(), request{line: "POST /token", header: row.header, body: exchange("")})
		if w.Code != row.status || (w.Code != 200 && !strings.HasPrefix(w.Body.String(), "invalid_request ")) {
			t.Errorf("%s %q: got %d %q", row.id, row.header, w.Code, w.Body)
		}
	}
}

// GEN-21: x-max-body of POST /authorize is 1024; where there is none, 64 KiB.
func TestGEN21BodySize(t *testing.T) {
	pad := func(n int) string { return exchange("&pad=" + strings.Repeat("x", n-len(exchange("&pad=")))) }
	for _, row := range []struct {
		name   string
		size   int
		length int64
		status int
	}{
		{"at the limit", 65536, 0, 200},
		{"over it", 65537, 0, 413},
		{"at the limit, length unknown", 65536, -1, 200},
		{"over it, length unknown", 65537, -1, 413},
		{"far over it, length unknown", 1 << 20, -1, 413},
		{"shorter than it says", 200, 300, 400},
	} {
		q := form("/token", pad(row.size))
		q.length = row.length
		w := send(t, (&probeFake{}).handler(), q)
		if w.Code != row.status {
			t.Errorf("%s: got %d %.80q", row.name, w.Code, w.Body)
		}
		if closes := w.Header().Get("Connection") == "close"; closes != (row.status == 413) {
			t.Errorf("%s: Connection: close is %v", row.name, closes)
		}
	}
	f := &probeFake{}
	send(t, f.handler(), form("/authorize", "client_id=c&response_type=code&pad="+strings.Repeat("x", 1024)))
	if in := f.got.(*probe.AuthorizePostInput); in.Problem == nil || in.Problem.Status != 413 {
		t.Errorf("x-max-body: problem %v", in.Problem)
	}
	send(t, f.handler(), request{line: "GET /authorize?client_id=c&response_type=code&pad=" + strings.Repeat("x", 65536)})
	if in := f.got.(*probe.AuthorizeInput); in.Problem == nil || in.Problem.Status != 414 || in.Query.ClientID != "" {
		t.Errorf("query over the limit: problem %v", in.Problem)
	}
}

// A body that breaks off is the client's fault and reaches nobody.
func TestBodyThatFails(t *testing.T) {
	f := &probeFake{}
	r := httptest.NewRequest("POST", "/token", io.MultiReader(strings.NewReader("grant_type="), failing{}))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.handler().ServeHTTP(w, r)
	if w.Code != 400 || f.got != nil {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestHeaderParameters(t *testing.T) {
	for _, row := range []struct {
		id, header string
		status     int
		answer     string
	}{
		{"absent", "", 200, ""},
		{"one", "\nDPoP: abc.def", 200, ""},
		{"another case", "\ndpop: abc.def", 200, ""},
		{"GEN-34", "\nDPoP: a\nDPoP: a", 400, "invalid_dpop_proof DPoP is repeated"},
		{"GEN-34 two cases", "\nDPoP: a\ndpop: b", 400, "invalid_dpop_proof DPoP is repeated"},
		{"GEN-35 at the limit", "\nDPoP: " + strings.Repeat("a", 64), 200, ""},
		{"GEN-35", "\nDPoP: " + strings.Repeat("a", 65), 400, "invalid_dpop_proof DPoP is too long"},
		{"pattern", "\nDPoP: a,b", 400, "invalid_dpop_proof DPoP is malformed"},
		{"not UTF-8", "\nDPoP: a\xff", 400, "invalid_dpop_proof DPoP is not valid UTF-8"},
	} {
		f := &probeFake{}
		w := send(t, f.handler(), request{line: "POST /token", header: formType + row.header, body: exchange("")})
		if w.Code != row.status || !strings.HasPrefix(w.Body.String(), row.answer) {
			t.Errorf("%s: got %d %q", row.id, w.Code, w.Body)
		}
	}
}

func TestRouting(t *testing.T) {
	const bearer = "Authorization: Bearer t"
	for _, row := range []struct {
		id, line string
		status   int
		allow    string
	}{
		{"GEN-36 control", "GET /register/abc", 200, ""},
		{"GEN-36 another byte", "GET /register/a.b", 404, ""},
		{"GEN-36 too long", "GET /register/" + strings.Repeat("a", 33), 404, ""},
		{"GEN-36 empty", "GET /register/", 404, ""},
		{"GEN-36 two segments", "GET /register/a/b", 404, ""},
		{"GEN-36 escaped slash", "GET /register/a%2Fb", 404, ""},
		{"GEN-36 escaped letter", "GET /register/%61bc", 404, ""},
		{"x-rest", "GET /resource/a/b%20c", 200, ""},
		{"GEN-37", "GET /token", 405, "POST"},
		{"GEN-37", "PUT /token", 405, "POST"},
		{"GEN-37 another case", "post /token", 405, "POST"},
		{"GEN-37 two methods", "PATCH /authorize", 405, "GET, POST"},
		{"GEN-37 with a parameter", "POST /register/abc", 405, "DELETE, GET"},
		{"GEN-38", "HEAD /authorize", 405, "GET, POST"},
		{"GEN-38 OPTIONS", "OPTIONS /token", 405, "POST"},
		{"GEN-39", "POST //token", 404, ""},
		{"GEN-39", "POST /./token", 404, ""},
		{"GEN-39", "POST /x/../token", 404, ""},
		{"GEN-39", "POST /token/", 404, ""},
		{"GEN-39", "POST /%74oken", 404, ""},
		{"GEN-39", "POST /TOKEN", 404, ""},
		{"GEN-39", "POST /token;a=b", 404, ""},
		{"GEN-39", "GET /", 404, ""},
		{"another group", "GET /login?request=a", 404, ""},
	} {
		f := &probeFake{}
		w := send(t, f.handler(), request{line: row.line, header: bearer})
		if w.Code != row.status || w.Header().Get("Allow") != row.allow || w.Header().Get("Location") != "" {
			t.Errorf("%s %s: got %d, Allow %q, Location %q", row.id, row.line, w.Code, w.Header().Get("Allow"), w.Header().Get("Location"))
		}
	}
}

// A path parameter reaches the implementation as it stands in the path.
func TestPathParameter(t *testing.T) {
	f := &probeFake{}
	send(t, f.handler(), request{line: "GET /resource/a/b%20c"})
	if in := f.got.(*probe.ResourceInput); in.Path != "a/b%20c" {
		t.Errorf("got %q", in.Path)
	}
}

func TestBasePathServesAndOperation(t *testing.T) {
	f := &probeFake{}
	h := probe.NewServerHandler(f, probe.Options{BasePath: "/tenant", Error: refuse})
	for path, want := range map[string]int{"/tenant/token": 200, "/token": 404, "/tenant": 404, "/tenant/": 404, "/tenanttoken": 404, "//tenant/token": 404} {
		if w := send(t, h, form(path, exchange(""))); w.Code != want {
			t.Errorf("%s: got %d, want %d", path, w.Code, want)
		}
		if h.Serves(path) != (want == 200) {
			t.Errorf("Serves(%q) = %v", path, h.Serves(path))
		}
	}
	if op := h.Operation("POST", "/tenant/token"); op == nil || op.ID != "token" || op.CORS != probe.CORSClient {
		t.Errorf("Operation: %+v", op)
	}
	if op := h.Operation("GET", "/tenant/token"); op != nil {
		t.Errorf("Operation of another method: %+v", op)
	}
}

// Wrap is called once per operation of the group, when the handler is made.
func TestWrap(t *testing.T) {
	wrapped := map[string]int{}
	h := probe.NewPagesHandler(&probeFake{}, probe.Options{Error: refuse, Wrap: func(op *probe.Operation, next http.Handler) http.Handler {
		wrapped[op.ID]++
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Wrapped", op.ID)
			next.ServeHTTP(w, r)
		})
	}})
	w := send(t, h, request{line: "GET /login?request=a"})
	if w.Code != 200 || w.Header().Get("Wrapped") != "loginPage" || len(wrapped) != 1 || wrapped["loginPage"] != 1 {
		t.Errorf("got %d %v %v", w.Code, w.Header(), wrapped)
	}
}

func TestNoErrorRendererPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a handler without Options.Error was made")
		}
	}()
	probe.NewServerHandler(&probeFake{}, probe.Options{})
}

// GEN-39 over TCP, where net/http parses the request line itself.
func TestGEN39OverTCP(t *testing.T) {
	srv := httptest.NewServer((&probeFake{}).handler())
	defer srv.Close()
	for line, want := range map[string]string{
		"GET /authorize?client_id=c&response_type=code": "HTTP/1.1 303",
		"GET //authorize":       "HTTP/1.1 404",
		"GET /x/../authorize":   "HTTP/1.1 404",
		"GET /%61uthorize":      "HTTP/1.1 404",
		"HEAD /authorize":       "HTTP/1.1 405",
		"GET http://h/./a":      "HTTP/1.1 404",
		"OPTIONS *":             "HTTP/1.1 200", // net/http answers it itself
		"GET /authorize/..;/tk": "HTTP/1.1 404",
	} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, line+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		answer, _ := io.ReadAll(conn)
		_ = conn.Close()
		if !strings.HasPrefix(string(answer), want) {
			t.Errorf("%s: got %.40q, want %s", line, answer, want)
		}
	}
}
