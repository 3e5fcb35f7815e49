package jose

import (
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
