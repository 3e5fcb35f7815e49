package protect

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/charterauth/charter/impl/jose"
)

// peek reads the claims of a JWT that nobody verified, to choose who verifies it
// and as what. Nothing else may be decided on them.
func peek(token string) (map[string]json.RawMessage, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > jose.MaxToken {
		return nil, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, false
	}
	var claims map[string]json.RawMessage
	return claims, json.Unmarshal(payload, &claims) == nil && claims != nil
}
