package protect

import (
	"errors"
	"net/http"
	"strings"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
)

// errNoToken is for requests without bearer authentication: they get a challenge
// without error code (RFC 6750 §3.1).
var errNoToken = errors.New("protect: no bearer token")

// bearer returns the token in the Authorization header (RFC 6750 §2.1). A token in
// the query is ignored (OAuth 2.1 §5.1), but beside one in the header it makes
// the request ambiguous (RFC 6750 §2). Bodies are not looked at: they are the
// handler's.
func bearer(r *http.Request) (string, error) {
	values := r.Header["Authorization"]
	switch {
	case len(values) == 0:
		return "", errNoToken
	case len(values) > 1:
		return "", oauth.InvalidRequest("authorization_repeated", "the Authorization header is repeated")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") { // RFC 9110 §11.1
		return "", errNoToken
	}
	if r.URL.RawQuery != "" && r.URL.Query().Has("access_token") {
		return "", oauth.InvalidRequest("token_twice", "an access token is in the query as well; it goes into the Authorization header alone")
	}
	return strings.Trim(token, " "), nil
}

// wellFormed reports whether s is a b64token (RFC 6750 §2.1) of a length that
// anybody issues.
func wellFormed(s string) bool {
	body := strings.TrimRight(s, "=")
	if body == "" || len(s) > jose.MaxToken {
		return false
	}
	for i := range len(body) {
		c := body[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("-._~+/", c) < 0 {
			return false
		}
	}
	return true
}
