package jose

import (
	"errors"
	"strings"
	"testing"
)

// Key ids and types are harmless wherever they are written or looked up: the
// characters next to the ones that are allowed are not.
func TestCharacters(t *testing.T) {
	for s, want := range map[string]bool{
		"azAZ09": true, "-._~": true, "": false, strings.Repeat("a", 128): true, strings.Repeat("a", 129): false,
		"a/": false, "a:": false, "a@": false, "a[": false, "a`": false, "a{": false, "a\x00": false, "é": false,
	} {
		if validKid(s) != want {
			t.Errorf("key id %.20q: %t", s, !want)
		}
	}
	for s, want := range map[string]bool{
		"at+jwt": true, "application/at+jwt": true, "": false, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false,
		"a;b": false, "a:b": false, "a b": false, "a~": false, "a\u017f": false, "at+jwt\x00": false,
	} {
		if validTyp(s) != want {
			t.Errorf("type %.20q: %t", s, !want)
		}
	}
}

// A type is compared in ASCII: no other letter is lowered onto one.
func TestTypOfOtherLetters(t *testing.T) {
	v := &Verifier{c: VerifierConfig{Typ: "kb+jwt"}}
	for typ, want := range map[string]bool{"kb+jwt": true, "KB+JWT": true, "application/kb+jwt": true, "\u212ab+jwt": false, "kb+jwt ": false} {
		if v.typMatches(typ) != want {
			t.Errorf("%q: %t", typ, !want)
		}
	}
}

// Two names that differ in the case of a letter are one, whatever else is in
// them; names that differ elsewhere are two.
func TestFold(t *testing.T) {
	for _, pair := range [][2]string{{"A[", "a["}, {"A{", "a{"}, {"\u212a", "k"}, {"\u017f", "S"}, {"É", "é"}} {
		if fold(pair[0]) != fold(pair[1]) {
			t.Errorf("%q and %q are two names", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"A[", "A{"}, {"A?", "A_"}, {"A0", "Ap"}, {"a[", "a{"}, {"É", "e"}} {
		if fold(pair[0]) == fold(pair[1]) {
			t.Errorf("%q and %q are one name", pair[0], pair[1])
		}
	}
}

// Escapes neither end a string nor hide a member.
func TestEscapes(t *testing.T) {
	m, err := strictObject([]byte(`{"a":"\",\"b\":\"","b\u0022":"\\","c":["\\\"","]"]}`))
	if err != nil || len(m) != 3 || string(m["a"]) != `"\",\"b\":\""` || string(m["b\""]) != `"\\"` || string(m["c"]) != `["\\\"","]"]` {
		t.Errorf("%q, %v", m, err)
	}
	for _, twice := range []string{`{"a":"\\","\u0061":1}`, `{"x":"\"","a":1,"\u0041":2}`} {
		if m, err := strictObject([]byte(twice)); err == nil {
			t.Errorf("%s is taken as %q", twice, m)
		}
	}
}

// Nesting is bounded, by objects as by arrays.
func TestDepth(t *testing.T) {
	for open, shut := range map[string]string{`{"a":`: "}", "[": "]"} {
		for n, want := range map[int]bool{maxDepth - 1: true, maxDepth: false} {
			document := `{"x":` + strings.Repeat(open, n) + "1" + strings.Repeat(shut, n) + "}"
			if _, err := strictObject([]byte(document)); (err == nil) != want {
				t.Errorf("%s: %v", document, err)
			}
		}
	}
}

// What follows the base64url of a member is not cut off: two readers would have
// two keys.
func TestJWKMembersAreWhole(t *testing.T) {
	for _, row := range []struct{ jwk, members string }{{rsaJWK, "n e"}, {ecJWK, "x y"}, {edJWK, "x"}} {
		if _, err := ParseJWK([]byte(row.jwk)); err != nil {
			t.Fatal(err) // the control
		}
		for member := range strings.FieldsSeq(row.members) {
			start := strings.Index(row.jwk, `"`+member+`":"`) + len(member) + 4
			end := start + strings.IndexByte(row.jwk[start:], '"')
			for _, junk := range []string{"!", "=", "!!!!", " ", "AAAA!"} {
				if _, err := ParseJWK([]byte(row.jwk[:end] + junk + row.jwk[end:])); !errors.Is(err, ErrKey) {
					t.Errorf("%.20s with %q behind %s: %v", row.jwk, junk, member, err)
				}
			}
		}
	}
}
