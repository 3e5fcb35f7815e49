package protect

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
)

// FuzzParseMembers: what is accepted reads the same to any reader of JSON.
func FuzzParseMembers(f *testing.F) {
	for _, s := range []string{`{}`, `{"active":true}`, `{"a":1,"a":2}`, `{"a":1,"A":2}`, `{"k":1,"\u212a":2}`, `{"s":1,"\u017f":2}`, `[]`, `null`, `{"a":{"b":[1]}} `, `{}{}`, `{"a"`, "{\"\xff\":1}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		m, err := parseMembers([]byte(body))
		if err != nil {
			return
		}
		var plain map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &plain); err != nil || len(plain) != len(m.all) {
			t.Fatalf("%q: %d members here, %d there, %v", body, len(m.all), len(plain), err)
		}
		for a := range m.all {
			for b := range m.all {
				if a != b && strings.EqualFold(a, b) {
					t.Errorf("%q and %q are both there", a, b)
				}
			}
		}
	})
}

// FuzzQuoted is ATK-133: whatever is in a parameter, the header has one more
// parameter and no more lines.
func FuzzQuoted(f *testing.F) {
	proof.Of(f, "ATK-133")
	for _, s := range []string{"", `a"b`, `a\`, "a\r\nb", "é", "\x7f", `", error="x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := quoted(s)
		inner := strings.NewReplacer(`\\`, "", `\"`, "").Replace(q[1 : len(q)-1])
		if strings.ContainsAny(inner, "\"\\\r\n\x00\x7f") || len(q) < len(s)+2 {
			t.Errorf("%q became %q", s, q)
		}
		h := http.Header{}
		h.Set("WWW-Authenticate", q)
		var b strings.Builder
		if err := h.Write(&b); err != nil || strings.Count(b.String(), "\n") != 1 {
			t.Errorf("%q: %q, %v", s, b.String(), err)
		}
	})
}

// FuzzBearer: a token comes from one Authorization header of the scheme Bearer
// alone, and what is well-formed is a b64token (RFC 6750 §2.1).
func FuzzBearer(f *testing.F) {
	for _, s := range []string{"Bearer abc", "bearer abc", "Bearer  abc ", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer a,Bearer b", "Bearer a\tb", "BEARER ===", "Bearer é", "DPoP abc", "Bearer mF_9.B5f-4.1JqM"} {
		f.Add(s, "")
	}
	f.Add("Bearer abc", "access_token=abc")
	f.Add("Bearer abc", "%61ccess_token=abc")
	f.Add("", "access_token=abc")
	grammar := regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)
	f.Fuzz(func(t *testing.T, header, query string) {
		r := &http.Request{Header: http.Header{}, URL: &url.URL{Path: "/", RawQuery: query}}
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		token, err := bearer(r)
		if err != nil {
			if token != "" {
				t.Errorf("%q is refused and gives %q", header, token)
			}
			return
		}
		if len(header) < 6 || !strings.EqualFold(header[:6], "bearer") || !strings.Contains(header, token) {
			t.Errorf("%q gives %q", header, token)
		}
		if values, err := url.ParseQuery(query); err == nil && values.Has("access_token") {
			t.Errorf("a token in the query %q as well", query)
		}
		if wellFormed(token) != (len(token) <= jose.MaxToken && grammar.MatchString(token)) {
			t.Errorf("%q is well-formed: %t", token, wellFormed(token))
		}
	})
}

// FuzzIntrospectionAnswer: whatever an authorization server says of a token, a
// plain reading of the same bytes agrees that it is a live bearer token of that
// server, and what is neither good nor bad is no answer.
func FuzzIntrospectionAnswer(f *testing.F) {
	proof.Of(f, "CVE-2026-11717", "ATK-71")
	const issuer = "https://auth.example.com"
	now := time.Unix(1_800_000_000, 0)
	for _, s := range []string{
		`{"active":true,"token_type":"Bearer","iss":"https://auth.example.com","sub":"alice","aud":["https://a.example"],"exp":1800000001,"scope":"read write"}`,
		`{"active":true,"token_type":"bearer","exp":18e8,"nbf":1799999999.5,"aud":"a"}`, `{"active":false}`, `{"active":true,"ACTIVE":false}`,
		`{"active":true,"token_type":"DPoP","cnf":{"jkt":"x"}}`, `{"active":true,"iss":"https://evil.example"}`, `{"active":true,"exp":-1}`, `{"active":1}`,
		`{"active":true,"token_type":"Bearer","exp":1799999999}`, `{"active":true,"token_type":"Bearer","exp":1800000000.5}`, `{"active":true,"token_type":"Bearer","nbf":1800000001}`,
		`{"active":true,"token_type":"Bearer","exp":null,"aud":[null]}`, `{"active":true,"token_type":"Bearer"}{}`, `{"active":true,"token_type":"Bearer","exp":253402300800}`,
	} {
		f.Add(s)
	}
	v := &introspection{config: IntrospectionConfig{Issuer: issuer}}
	f.Fuzz(func(t *testing.T, body string) {
		i, err := v.read([]byte(body), now)
		if err != nil {
			if e, refused := errors.AsType[*oauth.Error](err); refused && e.Code != "invalid_token" || !refused && err != errAnswer {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		var plain map[string]any
		if err := json.Unmarshal([]byte(body), &plain); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if _, bound := plain["cnf"]; plain["active"] != true || bound || i.Issuer != issuer {
			t.Errorf("%q is live", body)
		}
		if iss := plain["iss"]; iss != nil && iss != issuer && iss != "" {
			t.Errorf("%q is of another issuer", body)
		}
		if kind, _ := plain["token_type"].(string); !strings.EqualFold(kind, "bearer") {
			t.Errorf("%q is of the type %q", body, kind)
		}
		if exp, ok := plain["exp"].(float64); ok && exp < float64(now.Unix()+1) {
			t.Errorf("%q has expired", body)
		}
		if nbf, ok := plain["nbf"].(float64); ok && nbf >= float64(now.Unix()+1) {
			t.Errorf("%q is not good yet", body)
		}
		if sub, _ := plain["sub"].(string); i.Subject != sub {
			t.Errorf("%q is about %q", body, i.Subject)
		}
		granted, _ := plain["scope"].(string)
		for _, s := range i.Scopes {
			if !slices.Contains(strings.Split(granted, " "), s) {
				t.Errorf("%q has the scope %q", body, s)
			}
		}
	})
}
