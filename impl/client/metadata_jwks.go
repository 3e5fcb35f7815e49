package client

import (
	"encoding/base64"
	"encoding/json"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
)

// privateMembers tell a private key (RFC 7518 §6.2.2, §6.3.2) or a symmetric one
// (§6.4).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// maxModulus is in base64url characters: 8192 bits are more than any client
// signs with, and checking larger keys is work that anybody could order.
const maxModulus = 1366

// readJWKS checks a key set (RFC 7591 §2, RFC 7517 §5): public keys only, each
// with its members, no two with one kid. Keys of a type that is not understood
// are left out, as RFC 7517 §5 asks. raw is the member as it was sent: the
// declared members are the public ones, so only raw shows a private key.
func (m *Metadata) readJWKS(raw json.RawMessage) error {
	if m.JWKS == nil {
		return nil
	}
	var set struct {
		Keys []map[string]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil || len(set.Keys) != len(m.JWKS.Keys) {
		return oauth.InvalidClientMetadata("jwks_malformed", "jwks is malformed")
	}
	kept, seen := []gen.ClientJWK{}, make(map[string]bool)
	for i, key := range m.JWKS.Keys {
		for _, private := range privateMembers {
			if _, ok := set.Keys[i][private]; ok || key.Kty == "oct" {
				return oauth.InvalidClientMetadata("jwks_private", "jwks has a private or symmetric key; consider it compromised")
			}
		}
		understood, whole := publicKey(key)
		switch {
		case !understood:
			continue
		case !whole:
			return oauth.InvalidClientMetadata("jwks_malformed", "jwks has a key without the members of its type, or an RSA key of more than 8192 bits")
		case key.Kid != "" && seen[key.Kid]:
			return oauth.InvalidClientMetadata("jwks_duplicate", "jwks has two keys with one kid")
		}
		seen[key.Kid] = true
		kept = append(kept, key)
		// What does not verify signatures here, such as a key to encrypt to or one
		// on another curve, is kept and not used.
		if k, err := jose.ParseJWK(marshal(key)); err == nil {
			m.keys = append(m.keys, k)
		}
	}
	m.JWKS.Keys = kept
	return nil
}

func marshal(key gen.ClientJWK) []byte {
	b, err := json.Marshal(key)
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	return b
}

// Keys returns those keys of jwks that verify signatures. The slice is shared:
// do not change it. Keys at jwks_uri are the caller's to fetch.
func (m Metadata) Keys() []jose.PublicKey { return m.keys }

// publicKey reports whether the type of a key is understood, and whether the key
// has what its type demands (RFC 7518 §6.2.1, §6.3.1, RFC 8037 §2).
func publicKey(key gen.ClientJWK) (understood, whole bool) {
	switch key.Kty {
	case "RSA":
		return true, base64URL(key.N) && base64URL(key.E) && len(key.N) <= maxModulus
	case "EC":
		return true, key.Crv != "" && base64URL(key.X) && base64URL(key.Y)
	case "OKP":
		return true, key.Crv != "" && base64URL(key.X)
	}
	return false, false
}

func base64URL(s string) bool {
	_, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return s != "" && err == nil
}
