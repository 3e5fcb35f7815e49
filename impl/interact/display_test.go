package interact

import (
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

func TestShown(t *testing.T) {
	proof.Of(t, "ATK-37")
	for in, want := range map[string]string{
		"Claude":                                    "Claude",
		"  Ζωή   の\tアプリ ":                           "Ζωή の アプリ",
		"a\u202eb\u2066c\u200bd\ufeffe":             "abcde",
		"line\nbreak\r\nhere":                       "line break here",
		"bell\x07 nul\x00 esc\x1b[31m":              "bell nul esc[31m",
		"bad\xff utf8":                              "bad utf8",
		"z\u0301\u0302\u0303\u0304\u0305\u0306algo": "z\u0301\u0302\u0303algo",
		"क्\u200dष":                                 "क्\u200dष",
		"\u200d\u200c":                              "",
		"":                                          "",
		"\u00a0 \u2003":                             "",
		strings.Repeat("x", 64):                     strings.Repeat("x", 64),
		strings.Repeat("x", 65):                     strings.Repeat("x", 64) + "…",
		strings.Repeat("x ", 5e3):                   strings.Repeat("x ", 31) + "x…",
	} {
		if got := shown(in, maxShownName); got != want {
			t.Errorf("shown(%.40q) = %q, want %q", in, got, want)
		}
	}
}

func TestSentence(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "",
		"client_id is required":      "client_id is required.",
		"scope is malformed":         "scope is malformed.",
		"scopes are good":            "Scopes are good.",
		"this took too long; go":     "This took too long; go.",
		"already a sentence.":        "Already a sentence.",
		"'quoted' things start here": "'quoted' things start here.",
	} {
		if got := sentence(in); got != want {
			t.Errorf("sentence(%q) = %q, want %q", in, got, want)
		}
	}
}
