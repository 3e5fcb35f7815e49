package gentest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/gentest/probe"
)

// A probeFake is the simplest implementation of the probe document: it keeps
// what it was given and answers with a success, or with err.
type probeFake struct {
	got any // the input of the last call; nil when none was made
	err error

	token     *probe.Token200
	authorize *probe.Authorize303
	register  *probe.Register201
	none      bool // answer with neither output nor error
}

func (f *probeFake) Token(_ context.Context, in *probe.TokenInput) (probe.TokenOutput, error) {
	f.got = in
	switch {
	case f.err != nil || f.none:
		return nil, f.err
	case f.token != nil:
		return *f.token, nil
	}
	return probe.Token200{Body: probe.AccessToken{AccessToken: "t", TokenType: "Bearer", ExpiresIn: new(60)}}, nil
}

func (f *probeFake) Authorize(_ context.Context, in *probe.AuthorizeInput) (probe.AuthorizeOutput, error) {
	f.got = in
	if f.authorize != nil {
		return *f.authorize, nil
	}
	return probe.Authorize303{Location: "/login"}, nil
}

func (f *probeFake) AuthorizePost(_ context.Context, in *probe.AuthorizePostInput) (probe.AuthorizePostOutput, error) {
	f.got = in
	return probe.AuthorizePost303{Location: "/login"}, nil
}

func (f *probeFake) Register(_ context.Context, in *probe.RegisterInput) (probe.RegisterOutput, error) {
	f.got = in
	if f.register != nil {
		return *f.register, nil
	}
	return probe.Register201{Body: probe.ClientInformation{ClientID: "c"}}, nil
}

func (f *probeFake) ReadClient(_ context.Context, in *probe.ReadClientInput) (probe.ReadClientOutput, error) {
	f.got = in
	return probe.ReadClient200{Body: probe.ClientInformation{ClientID: in.ClientID}}, nil
}

func (f *probeFake) DeleteClient(_ context.Context, in *probe.DeleteClientInput) (probe.DeleteClientOutput, error) {
	f.got = in
	return probe.DeleteClient204{}, nil
}

func (f *probeFake) Resource(_ context.Context, in *probe.ResourceInput) (probe.ResourceOutput, error) {
	f.got = in
	return probe.Resource200{Body: probe.AccessToken{AccessToken: in.Path}}, nil
}

func (f *probeFake) LoginPage(_ context.Context, in *probe.LoginPageInput) (probe.LoginPageOutput, error) {
	f.got = in
	return probe.LoginPage200{Body: []byte("<p>login")}, nil
}

// refuse is an error renderer as package server has one, reduced to what the
// tests look at: status, code and text of a problem; nothing of another error.
func refuse(w http.ResponseWriter, r *http.Request, op *probe.Operation, err error) {
	status, text := http.StatusInternalServerError, "server_error reference=1"
	if p, ok := errors.AsType[*probe.Problem](err); ok {
		status, text = p.Status, p.Code+" "+p.Error()
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func (f *probeFake) handler() http.Handler {
	return probe.NewServerHandler(f, probe.Options{Error: refuse})
}

// A request is what a test sends: "METHOD target", headers as "Name: value"
// lines, and a body.
type request struct {
	line   string
	header string
	body   string
	length int64 // when it is not len(body): -1 for unknown
}

const (
	formType = "Content-Type: application/x-www-form-urlencoded"
	jsonType = "Content-Type: application/json"
)

// form is a POST of a form to a path.
func form(path, body string) request {
	return request{line: "POST " + path, header: formType, body: body}
}

// send serves q without a network, so that its bytes arrive as written.
func send(t testing.TB, h http.Handler, q request) *httptest.ResponseRecorder {
	t.Helper()
	method, target, _ := strings.Cut(q.line, " ")
	path, query, _ := strings.Cut(target, "?")
	// As net/http reads a request line: //token and escapes stay as they are.
	u, err := url.ParseRequestURI(path)
	if err != nil {
		t.Fatalf("%s: %v", q.line, err)
	}
	u.RawQuery = query
	r := &http.Request{Method: method, URL: u, Host: "probe.example", Header: http.Header{}, Body: io.NopCloser(strings.NewReader(q.body))}
	for line := range strings.SplitSeq(q.header, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			r.Header.Add(name, value)
		}
	}
	r.ContentLength = int64(len(q.body))
	if q.length != 0 {
		r.ContentLength = q.length
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
