package jose

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
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
func strictObject(b []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(b) || !json.Valid(b) {
		return nil, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // 1e400 is a number too
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errJSON
	}
	if err := strictMembers(d, 1); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errJSON
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, errJSON
	}
	return m, nil
}

// strictMembers reads to the end of an object whose brace was read.
func strictMembers(d *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return errJSON
		}
		if folded := fold(name); seen[folded] {
			return errJSON
		} else {
			seen[folded] = true
		}
		if err := strictValue(d, depth); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func strictValue(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return errJSON
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth == maxDepth {
		return errJSON
	}
	if delim == '{' {
		return strictMembers(d, depth+1)
	}
	for d.More() {
		if err := strictValue(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
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

// fold maps every name that encoding/json could take for another onto one: the
// smallest rune of each case orbit, so that long s and the Kelvin sign fold too.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, name)
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
