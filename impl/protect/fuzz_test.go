package protect

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
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
