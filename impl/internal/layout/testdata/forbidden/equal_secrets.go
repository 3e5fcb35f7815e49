package fixture

import (
	"bytes"
	"crypto/subtle"
	"strings"

	"github.com/charterauth/charter/impl/store"
)

func f(r request, stored, secret string) bool {
	return secret == stored || // bad
		stored != r.Password || // bad
		bytes.Equal(r.Signature, r.got) || // bad
		strings.EqualFold(stored, r.CodeVerifier) || // bad
		secret == "" ||
		r.Password != "" ||
		r.kind == store.RefreshToken ||
		subtle.ConstantTimeCompare([]byte(secret), []byte(stored)) == 1
}
