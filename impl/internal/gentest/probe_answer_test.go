package gentest_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/gentest/probe"
	"github.com/charterauth/charter/impl/internal/proof"
)

// GEN-40: the constant headers stand in every success and are no fields.
func TestGEN40ConstHeaders(t *testing.T) {
	h := (&probeFake{}).handler()
	for _, row := range []struct {
		q                   request
		status              int
		name, value, ctypes string
	}{
		{form("/token", exchange("")), 200, "Cache-Control", "no-store", "application/json"},
		{request{line: "GET /authorize?client_id=c&response_type=code"}, 303, "Content-Security-Policy", "default-src 'none'", ""},
		{request{line: "DELETE /register/abc", header: "Authorization: Bearer t"}, 204, "Cache-Control", "no-store", ""},
		{request{line: "GET /resource/a"}, 200, "Cache-Control", "public, max-age=60", "application/json"},
	} {
		w := send(t, h, row.q)
		if w.Code != row.status || w.Header().Get(row.name) != row.value || w.Header().Get("Content-Type") != row.ctypes {
			t.Errorf("%s: %d %v", row.q.line, w.Code, w.Header())
		}
	}
}

// GEN-41: two cookies are two header fields.
func TestGEN41RepeatedHeaders(t *testing.T) {
	f := &probeFake{authorize: &probe.Authorize303{Location: "/login", SetCookie: []string{"a=1; Path=/", "b=2; Path=/"}}}
	w := send(t, f.handler(), request{line: "GET /authorize?client_id=c&response_type=code"})
	if got := w.Header().Values("Set-Cookie"); !slices.Equal(got, []string{"a=1; Path=/", "b=2; Path=/"}) {
		t.Errorf("Set-Cookie: %q", got)
	}
}

// GEN-42: members that the schema does not declare come out; they cannot stand
// for declared ones.
func TestGEN42Additional(t *testing.T) {
	f := &probeFake{register: &probe.Register201{Body: probe.ClientInformation{
		ClientID: "<c>",
		Metadata: json.RawMessage(`{"html":"<b>"}`),
		Additional: map[string]json.RawMessage{
			"client_name#de": json.RawMessage(`"Büro & <Co>"`), "client_id": json.RawMessage(`"other"`), "a": json.RawMessage(`[1, {"b":null}]`),
		},
	}}}
	w := send(t, f.handler(), request{line: "POST /register", header: jsonType, body: `{"redirect_uris":["https://a/"]}`})
	want := `{"client_id":"\u003cc\u003e","client_secret_expires_at":0,"metadata":{"html":"\u003cb\u003e"},"a":[1, {"b":null}],"client_name#de":"Büro \u0026 \u003cCo\u003e"}`
	if w.Body.String() != want {
		t.Errorf("got  %s\nwant %s", w.Body, want)
	}
	var back probe.ClientInformation
	if err := json.Unmarshal(w.Body.Bytes(), &back); err != nil || back.ClientID != "<c>" || string(back.Additional["a"]) != `[1, {"b":null}]` || len(back.Additional) != 2 {
		t.Errorf("read back: %v %+v", err, back)
	}
}

// An answer that cannot be written is an error before anything is written.
func TestAnswerThatCannotBeWritten(t *testing.T) {
	f := &probeFake{register: &probe.Register201{Body: probe.ClientInformation{Metadata: json.RawMessage(`{`)}}}
	w := send(t, f.handler(), request{line: "POST /register", header: jsonType, body: `{"redirect_uris":["https://a/"]}`})
	if w.Code != 500 || w.Header().Get("Content-Type") != "" {
		t.Errorf("a malformed raw member: %d %s", w.Code, w.Body)
	}
	f = &probeFake{authorize: &probe.Authorize303{}}
	w = send(t, f.handler(), request{line: "GET /authorize?client_id=c&response_type=code"})
	if w.Code != 500 {
		t.Errorf("a required header that is empty: %d", w.Code)
	}
}

// GEN-43: whoever answers with nothing gets the error renderer. Answers that
// are no success have no type at all: an unset status cannot be written.
func TestGEN43NoOutput(t *testing.T) {
	w := send(t, (&probeFake{none: true}).handler(), form("/token", exchange("")))
	if w.Code != 500 || strings.Contains(w.Body.String(), "neither") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// GEN-44: an error goes to the one renderer unchanged, with its operation; that
// the renderer hides its text and adds a reference is package server's.
func TestGEN44PlainError(t *testing.T) {
	f := &probeFake{err: errors.New("pq: password authentication failed")}
	w := send(t, f.handler(), form("/token", exchange("")))
	if w.Code != 500 || w.Body.String() != "server_error reference=1" || w.Header().Get("Content-Type") == "application/json" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// GEN-45: declared security without credentials never reaches the
// implementation; each alternative does.
func TestGEN45Security(t *testing.T) {
	proof.Of(t, "MAD-10")
	anonymous := strings.Replace(exchange(""), "client_id=c&", "", 1)
	for _, row := range []struct {
		name   string
		q      request
		status int
	}{
		{"none of three", form("/token", anonymous), 401},
		{"none (a public client)", form("/token", exchange("")), 200},
		{"client_secret_post", form("/token", anonymous+"&client_secret=s"), 200},
		{"client_secret_basic", request{line: "POST /token", header: formType + "\nAuthorization: Basic eA==", body: anonymous}, 200},
		{"another case of the scheme", request{line: "POST /token", header: formType + "\nAuthorization: bAsIc eA==", body: anonymous}, 200},
		{"another scheme", request{line: "POST /token", header: formType + "\nAuthorization: Bearer eA==", body: anonymous}, 401},
		{"a scheme and nothing else", request{line: "POST /token", header: formType + "\nAuthorization: Basic ", body: anonymous}, 401},
		{"MAD-10 two headers", request{line: "POST /token", header: formType + "\nAuthorization: Basic eA==\nAuthorization: Basic eA==", body: anonymous}, 401},
		{"two bearer tokens", request{line: "GET /register/abc", header: "Authorization: Bearer t\nAuthorization: Bearer t"}, 401},
		{"credentials in the query", request{line: "POST /token?client_id=c", header: formType, body: anonymous}, 400},
		{"no bearer token", request{line: "GET /register/abc"}, 401},
		{"a bearer token", request{line: "GET /register/abc", header: "Authorization: Bearer t"}, 200},
		{"a bearer token in the query", request{line: "GET /register/abc?access_token=t"}, 401},
		{"anonymous allowed", request{line: "POST /register", header: jsonType, body: `{"redirect_uris":["https://a/"]}`}, 201},
	} {
		f := &probeFake{}
		w := send(t, f.handler(), row.q)
		if w.Code != row.status || (f.got != nil) != (row.status < 300) {
			t.Errorf("%s: got %d %s", row.name, w.Code, w.Body)
		}
	}
}

// The branches of TokenRequest are methods; a value without one is refused.
func TestDispatch(t *testing.T) {
	for grant, want := range map[probe.GrantType]string{"authorization_code": "code", "refresh_token": "refresh", "password": ""} {
		got, err := probe.DispatchTokenRequest(t.Context(), grants{}, grant, 1)
		p, refused := errors.AsType[*probe.Problem](err)
		if got != want || refused != (want == "") || refused && p.Code != "unsupported_grant_type" {
			t.Errorf("%s: %q %v", grant, got, err)
		}
	}
}
