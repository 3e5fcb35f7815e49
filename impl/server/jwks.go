package server

import (
	"context"
	"encoding/json"

	"github.com/charterauth/charter/gen"
)

// JWKS publishes the keys that verify this server's signatures (RFC 7517 §5):
// those that will sign soon, that sign now, and whose tokens may still be live; and
// those that requests to it may be encrypted to. Each says which it is (OpenID
// Connect Discovery §3). Where nothing is signed or encrypted the set is empty.
func (s protocol) JWKS(ctx context.Context, _ *gen.JWKSInput) (gen.JWKSOutput, error) {
	public, err := s.keys.published(ctx)
	if err != nil {
		return nil, err
	}
	openers, err := s.keys.encryptionKeys(ctx)
	if err != nil {
		return nil, err
	}
	set := gen.JWKSet{Keys: make([]gen.JWK, len(public)+len(openers))}
	for i, k := range public {
		if err := fillJWK(&set.Keys[i], k.MarshalJSON); err != nil {
			return nil, err
		}
	}
	for i, k := range openers {
		if err := fillJWK(&set.Keys[len(public)+i], k.PublicJWK); err != nil {
			return nil, err
		}
	}
	return &gen.JWKS200{Body: set}, nil
}

func fillJWK(into *gen.JWK, public func() ([]byte, error)) error {
	b, err := public()
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}
