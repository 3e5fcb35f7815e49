package protect

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/charterauth/charter/impl/oauth"
)

var errAnswer = errors.New("authorization server: the answer is malformed")

// members is one JSON object whose members are read by their exact names. The
// first member of a wrong type is remembered in err.
type members struct {
	all map[string]json.RawMessage
	err error
}

// parseMembers reads one object and nothing after it, with no member twice, even
// in another case: two readers of such a document would disagree.
func parseMembers(body []byte) (*members, error) {
	if !utf8.Valid(body) {
		return nil, errAnswer
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errAnswer
	}
	m := &members{all: make(map[string]json.RawMessage)}
	seen := make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		// Upper, then lower: long s and the Kelvin sign fold as well.
		folded := strings.ToLower(strings.ToUpper(name))
		var value json.RawMessage
		if err != nil || !ok || seen[folded] || d.Decode(&value) != nil {
			return nil, errAnswer
		}
		seen[folded] = true
		m.all[name] = value
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, errAnswer
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errAnswer
	}
	return m, nil
}

// read decodes a member into v and reports whether it is there; null is not.
func (m *members) read(name string, v any) bool {
	raw, found := m.all[name]
	if !found || string(raw) == "null" {
		return false
	}
	if json.Unmarshal(raw, v) != nil {
		m.err = errAnswer
	}
	return true
}

func (m *members) text(name string) (s string) {
	m.read(name, &s)
	return s
}

// texts reads a string, or an array of strings (RFC 7519 §4.1.3).
func (m *members) texts(name string) (list []string) {
	if raw := m.all[name]; len(raw) > 0 && raw[0] == '[' {
		m.read(name, &list)
		return list
	}
	if s := m.text(name); s != "" {
		list = []string{s}
	}
	return list
}

func (m *members) scope() []string {
	s, err := oauth.ParseScope(m.text("scope"))
	if err != nil {
		m.err = errAnswer
	}
	return s
}

// maxDate is the last second of 9999.
const maxDate = 253402300799

// time reads seconds since 1970 (RFC 7519 §2, NumericDate). A fraction is cut
// off.
func (m *members) time(name string) time.Time {
	var seconds float64
	if !m.read(name, &seconds) {
		return time.Time{}
	}
	if seconds < 0 || seconds > maxDate {
		m.err = errAnswer
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}
