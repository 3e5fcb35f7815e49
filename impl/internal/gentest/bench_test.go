package gentest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/gentest/probe"
)

// A sink is a ResponseWriter that allocates nothing of its own.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }

const benchBody = "grant_type=authorization_code&client_id=s6BhdRkqt3&code=SplxlOBeZQQYbYS6WxSbIA&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&resource=https%3A%2F%2Fapi.example.com%2Fv1&scope=read+write"

func benchRequest(body *strings.Reader) *http.Request {
	r := httptest.NewRequest("POST", "/token", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// BenchmarkToken is the whole generated path of a token request: route, read,
// decode, validate, call, encode.
func BenchmarkToken(b *testing.B) {
	h := (&probeFake{token: &probe.Token200{Body: probe.AccessToken{AccessToken: "t", TokenType: "Bearer"}}}).handler()
	body := strings.NewReader(benchBody)
	r := benchRequest(body)
	w := &sink{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(benchBody)
		h.ServeHTTP(w, r)
	}
	if w.status != 200 {
		b.Fatal(w.status)
	}
}

// BenchmarkParseForm is the floor: net/http reads and decodes the same body and
// checks nothing.
func BenchmarkParseForm(b *testing.B) {
	body := strings.NewReader(benchBody)
	r := benchRequest(body)
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(benchBody)
		r.Form, r.PostForm = nil, nil
		if err := r.ParseForm(); err != nil || r.PostForm.Get("code") == "" {
			b.Fatal(err)
		}
	}
}
