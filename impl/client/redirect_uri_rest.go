package client

import "strings"

// responseParameters are the names that an authorization response appends
// (RFC 6749 §4.1.2, RFC 9207, JARM). A registered query that has one of them
// would let the registration forge part of an answer.
var responseParameters = map[string]bool{
	"code": true, "state": true, "iss": true, "error": true, "error_description": true, "error_uri": true,
	"response": true, "access_token": true, "id_token": true, "token_type": true, "expires_in": true, "scope": true,
	"session_state": true,
}

// checkRest judges path and query: whole escapes, none that hides a control
// character, a backslash or a dot segment, and no response parameter.
func checkRest(rest string) string {
	path, query, _ := strings.Cut(rest, "?")
	decodedPath, ok := decodeOnce(path)
	if !ok {
		return "redirect_uris: has a bad or hidden escape"
	}
	for segment := range strings.SplitSeq(decodedPath, "/") {
		if segment == "." || segment == ".." {
			return "redirect_uris: has a dot segment"
		}
	}
	if _, ok := decodeOnce(query); !ok {
		return "redirect_uris: has a bad or hidden escape"
	}
	// Some servers also separate at ";", and read code[] and code.x as code.
	for parameter := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(parameter, "=")
		decoded, _ := decodeOnce(name)
		if i := strings.IndexAny(decoded, "[."); i >= 0 {
			decoded = decoded[:i]
		}
		if responseParameters[strings.ToLower(strings.Trim(decoded, " +"))] {
			return "redirect_uris: the query has a parameter that answers carry"
		}
	}
	return ""
}

// decodeOnce decodes percent escapes, once. It reports false for an incomplete
// escape and for one of a control character or backslash.
func decodeOnce(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) {
				return "", false
			}
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			c = byte(high<<4 | low)
			if c < ' ' || c == 0x7f || c == '\\' {
				return "", false
			}
			i += 2
		}
		b = append(b, c)
	}
	return string(b), true
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
