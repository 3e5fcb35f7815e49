package interact

import (
	"strings"
	"unicode"
)

const (
	maxShownName  = 64 // characters of a name that a stranger chose
	maxShownMarks = 3  // combining marks on one letter
)

// shown returns a text that a stranger chose, made fit for one line of a page:
// without control and format characters, which reorder or hide what stands
// around them, with single spaces, few marks on a letter, and at most limit
// characters. The joiners that some scripts need stay. html/template escapes it;
// the page isolates its direction with <bdi>.
func shown(s string, limit int) string {
	const joiners = "\u200c\u200d"
	var b strings.Builder
	length, marks, space := 0, 0, false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case !unicode.IsPrint(r) && !strings.ContainsRune(joiners, r), r == unicode.ReplacementChar:
			continue
		case unicode.Is(unicode.M, r):
			if marks++; marks > maxShownMarks {
				continue
			}
		default:
			marks = 0
		}
		if space {
			b.WriteByte(' ')
			space = false
			length++
		}
		if length++; length > limit {
			return strings.TrimRight(b.String(), " "+joiners) + "…"
		}
		b.WriteRune(r)
	}
	return strings.Trim(b.String(), joiners)
}

// sentence returns a description of the protocol's the way people write: with a
// capital letter, unless it begins with the name of a parameter, and a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.TrimSuffix(s, ".") + "."
	if first, _, _ := strings.Cut(s, " "); isParameter(first) {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// isParameter reports whether word is the name of a parameter of the pages or of
// the authorization endpoint.
func isParameter(word string) bool {
	switch word {
	case "state", "scope", "resource", "nonce", "prompt", "request", "csrf", "username", "password", "decision", "choice":
		return true
	}
	return strings.Contains(word, "_")
}
