package server

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// maxBasic bounds an Authorization header in bytes: the longest identifier and
// secret that can be registered, every byte escaped, fit.
const maxBasic = 8 << 10

// parseBasic reads HTTP Basic credentials as RFC 6749 §2.3.1 has them: both parts
// encoded as application/x-www-form-urlencoded (Appendix B) before RFC 7617 joins
// them. Each is decoded exactly once. http.Request.BasicAuth does not decode, and
// takes what RFC 7617 does not.
func parseBasic(header []string) (c credentials, ok bool) {
	if len(header) != 1 || len(header[0]) > maxBasic {
		return credentials{}, false
	}
	scheme, encoded, ok := strings.Cut(header[0], " ")
	if !ok || !strings.EqualFold(scheme, "Basic") || strings.ContainsAny(encoded, "\r\n") {
		return credentials{}, false
	}
	joined, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return credentials{}, false
	}
	id, secret, ok := strings.Cut(string(joined), ":")
	if !ok {
		return credentials{}, false
	}
	c.id, ok = formDecode(id)
	if !ok {
		return credentials{}, false
	}
	c.secret, ok = formDecode(secret)
	return c, ok && c.id != "" && c.secret != ""
}

// formDecode decodes one form-encoded value. A colon in it is taken as it stands:
// many clients do not encode it, and behind the first one it can mean nothing
// else. What no identifier or secret can hold is refused before a store sees it.
func formDecode(s string) (string, bool) {
	if strings.ContainsAny(s, "%+") {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			switch s[i] {
			case '+':
				b.WriteByte(' ')
			case '%':
				if len(s)-i < 3 || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
					return "", false
				}
				b.WriteByte(byte(unhex(s[i+1])<<4 | unhex(s[i+2])))
				i += 2
			default:
				b.WriteByte(s[i])
			}
		}
		s = b.String()
	}
	if !utf8.ValidString(s) {
		return "", false
	}
	for _, c := range []byte(s) {
		if c < ' ' || c == 0x7f {
			return "", false
		}
	}
	return s, true
}
