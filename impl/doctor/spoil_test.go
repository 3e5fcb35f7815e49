package doctor_test

import (
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

const (
	serverMetadata   = "/.well-known/oauth-authorization-server"
	resourceMetadata = "/.well-known/oauth-protected-resource/mcp"
)

// A flaw changes what the whole place would answer.
type flaw func(r *http.Request, w *httptest.ResponseRecorder)

// with puts a flaw between client and place, like a proxy that knows the place
// by its own name.
func with(f flaw) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			inner := r.Clone(r.Context())
			inner.Host = r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()
			next.ServeHTTP(answer, inner)
			f(r, answer)
			answer.Header().Del("Content-Length")
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			w.Write(answer.Body.Bytes())
		})
	}
}

// at limits a flaw to a path.
func at(path string, f flaw) flaw {
	return func(r *http.Request, w *httptest.ResponseRecorder) {
		if r.URL.Path == path {
			f(r, w)
		}
	}
}

// requests limits a flaw to a method.
func requests(method string, f flaw) flaw {
	return func(r *http.Request, w *httptest.ResponseRecorder) {
		if r.Method == method {
			f(r, w)
		}
	}
}

// lacks limits a flaw to requests without a query parameter.
func lacks(parameter string, f flaw) flaw {
	return func(r *http.Request, w *httptest.ResponseRecorder) {
		if !r.URL.Query().Has(parameter) {
			f(r, w)
		}
	}
}

func both(flaws ...flaw) flaw {
	return func(r *http.Request, w *httptest.ResponseRecorder) {
		for _, f := range flaws {
			f(r, w)
		}
	}
}

// member sets one of a JSON answer; nothing removes it.
func member(name string, value any) flaw {
	return func(_ *http.Request, w *httptest.ResponseRecorder) {
		var m map[string]any
		if json.Unmarshal(w.Body.Bytes(), &m) != nil {
			return
		}
		m[name] = value
		if value == nothing {
			delete(m, name)
		}
		w.Body.Reset()
		json.NewEncoder(w.Body).Encode(m)
	}
}

var nothing any = new(int)

// status answers with an error page.
func status(code int) flaw {
	return func(_ *http.Request, w *httptest.ResponseRecorder) {
		clear(w.Header())
		w.Header().Set("Content-Type", "text/html")
		w.Code = code
		w.Body.Reset()
		w.Body.WriteString("<p>no")
	}
}

// header sets one; an empty value removes it.
func header(name, value string) flaw {
	return func(_ *http.Request, w *httptest.ResponseRecorder) {
		w.Header().Del(name)
		if value != "" {
			w.Header().Set(name, value)
		}
	}
}

// strips removes a parameter from a redirect.
func strips(parameter string) flaw {
	return func(_ *http.Request, w *httptest.ResponseRecorder) {
		u, err := url.Parse(w.Header().Get("Location"))
		if err != nil || u.Path == "" {
			return
		}
		q := u.Query()
		q.Del(parameter)
		u.RawQuery = q.Encode()
		w.Header().Set("Location", u.String())
	}
}

// refuses answers requests whose query holds a text with a redirect to the
// client, or with a page where there is no error to send.
func refuses(text, code string) flaw {
	return func(r *http.Request, w *httptest.ResponseRecorder) {
		query, _ := url.QueryUnescape(r.URL.RawQuery)
		if !strings.Contains(query, text) {
			return
		}
		status(http.StatusBadRequest)(r, w)
		if code != "" {
			w.Code = http.StatusSeeOther
			w.Header().Set("Location", r.URL.Query().Get("redirect_uri")+"?error="+code+"&state="+r.URL.Query().Get("state"))
		}
	}
}

// page is a login page at once.
func page(_ *http.Request, w *httptest.ResponseRecorder) {
	status(http.StatusOK)(nil, w)
}

type recorder = httptest.ResponseRecorder

// cutResource leaves the origin of the resource.
func cutResource(r *http.Request, w *recorder) { member("resource", "http://"+r.Host)(r, w) }

// beside names a resource whose path only begins like the MCP server's.
func beside(r *http.Request, w *recorder) { member("resource", "http://"+r.Host+"/mc")(r, w) }

// slashed writes the issuer with a slash.
func slashed(r *http.Request, w *recorder) { member("issuer", "http://"+r.Host+"/")(r, w) }

// renamed makes a place that is asked by another name tell that one. The
// transport of such a test sends both to the same listener.
func renamed(r *http.Request, w *recorder) {
	local := r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()
	body := strings.ReplaceAll(w.Body.String(), local, r.Host)
	w.Body.Reset()
	w.Body.WriteString(body)
	for name, values := range w.Header() {
		w.Header().Set(name, strings.ReplaceAll(values[0], local, r.Host))
	}
}
