package jose

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth is how deep the JSON of a token or key may nest.
const maxDepth = 16

var errJSON = errors.New("not one JSON object in strict form")

// registered are the claims whose readers might compare names without regard to
// case: a variant of one is refused (RFC 7519 §4.1, RFC 9068 §2.2, RFC 8693 §4,
// RFC 7800 §3, RFC 9396 §9.1, OpenID Connect Core §2).
var registered = foldAll("iss", "sub", "aud", "exp", "nbf", "iat", "jti",
	"client_id", "scope", "auth_time", "acr", "amr", "azp", "nonce", "sid", "events",
	"act", "may_act", "cnf", "authorization_details", "groups", "roles", "entitlements",
	"at_hash", "c_hash", "s_hash", "htm", "htu", "ath", "email", "email_verified")

func foldAll(names ...string) map[string]string {
	m := make(map[string]string, len(names))
	for _, n := range names {
		m[fold(n)] = n
	}
	return m
}

// strictObject reads one JSON object and nothing after it: valid UTF-8, nested
// at most 16 deep, no member of any object there twice, even in another case.
// The values are parts of b.
func strictObject(b []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(b) || !json.Valid(b) {
		return nil, errJSON
	}
	w := walker{b: b}
	w.space()
	members := make(map[string]json.RawMessage, 8)
	if b[w.at] != '{' || !w.object(1, members) {
		return nil, errJSON
	}
	return members, nil
}

// A walker reads JSON that is known to be valid: it looks only for what the
// grammar allows and we do not.
type walker struct {
	b  []byte
	at int
}

// object reads an object; members may be nil.
func (w *walker) object(depth int, members map[string]json.RawMessage) bool {
	seen := make(map[string]bool, 8)
	for w.at++; ; {
		w.space()
		switch w.b[w.at] {
		case '}':
			w.at++
			return true
		case ',':
			w.at++
			continue
		}
		name, ok := w.name()
		folded := fold(name)
		if !ok || seen[folded] {
			return false
		}
		seen[folded] = true
		w.space()
		w.at++ // the colon
		w.space()
		start := w.at
		if !w.value(depth) {
			return false
		}
		if members != nil {
			members[name] = w.b[start:w.at:w.at]
		}
	}
}

func (w *walker) value(depth int) bool {
	switch w.b[w.at] {
	case '{':
		return depth < maxDepth && w.object(depth+1, nil)
	case '[':
		return depth < maxDepth && w.array(depth+1)
	case '"':
		w.skipString()
	default:
		for w.at < len(w.b) && strings.IndexByte(",]} \t\r\n", w.b[w.at]) < 0 {
			w.at++
		}
	}
	return true
}

func (w *walker) array(depth int) bool {
	for w.at++; ; {
		w.space()
		switch w.b[w.at] {
		case ']':
			w.at++
			return true
		case ',':
			w.at++
			continue
		}
		if !w.value(depth) {
			return false
		}
	}
}

// name reads a member name; two spellings of one name are one name.
func (w *walker) name() (string, bool) {
	start := w.at
	w.skipString()
	quoted := w.b[start:w.at]
	if bytes.IndexByte(quoted, '\\') >= 0 {
		return stringOf(quoted)
	}
	return string(quoted[1 : len(quoted)-1]), true
}

func (w *walker) skipString() {
	for w.at++; w.b[w.at] != '"'; w.at++ {
		if w.b[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
}

func (w *walker) space() {
	for w.at < len(w.b) && strings.IndexByte(" \t\r\n", w.b[w.at]) >= 0 {
		w.at++
	}
}

// strictClaims is strictObject without case variants of registered claims.
func strictClaims(b []byte) (map[string]json.RawMessage, error) {
	m, err := strictObject(b)
	if err != nil {
		return nil, err
	}
	for name := range m {
		if exact, found := registered[fold(name)]; found && exact != name {
			return nil, errJSON
		}
	}
	return m, nil
}

// fold maps every name that encoding/json could take for another onto one: each
// rune becomes the least of its case orbit, or that in lower case, so that long
// s and the Kelvin sign fold too.
func fold(name string) string {
	if plainLower(name) {
		return name
	}
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		if least >= 'A' && least <= 'Z' {
			least += 'a' - 'A'
		}
		return least
	}, name)
}

func plainLower(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

// stringMembers returns those of the named members that are there; each must be
// a string that is not empty.
func stringMembers(m map[string]json.RawMessage, names ...string) (map[string]string, error) {
	out := make(map[string]string, len(names))
	for _, name := range names {
		raw, found := m[name]
		if !found {
			continue
		}
		s, ok := stringOf(raw)
		if !ok || s == "" {
			return nil, errJSON
		}
		out[name] = s
	}
	return out, nil
}

// stringOf reads a JSON string; null is none.
func stringOf(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	return s, json.Unmarshal(raw, &s) == nil
}

// decode reads unpadded base64url; the library would skip line breaks.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errJSON
	}
	return encoding.DecodeString(s)
}

// validKid allows up to 128 unreserved characters, so that a key id is harmless
// wherever it is used to look a key up.
func validKid(s string) bool {
	return s != "" && len(s) <= 128 && only(s, "-._~")
}

// validTyp allows a media type, whole or without "application/" (RFC 7515
// §4.1.9).
func validTyp(s string) bool {
	return s != "" && len(s) <= 64 && only(s, "+-./_")
}

func only(s, extra string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(extra, c) < 0 {
			return false
		}
	}
	return true
}
