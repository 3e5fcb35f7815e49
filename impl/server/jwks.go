package server

import (
	"context"
	"encoding/json"

	"github.com/charterauth/charter/gen"
)

// JWKS publishes the keys that verify this server's signatures (RFC 7517 §5):
// those that will sign soon, that sign now, and whose tokens may still be live.
// Where nothing is signed the set is empty.
func (s protocol) JWKS(ctx context.Context, _ *gen.JWKSInput) (gen.JWKSOutput, error) {
	public, err := s.keys.published(ctx)
	if err != nil {
		return nil, err
	}
	keys := make([]gen.JWK, len(public))
	for i, k := range public {
		b, err := k.MarshalJSON()
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(b, &keys[i]); err != nil {
			return nil, err
		}
	}
	return &gen.JWKS200{Body: gen.JWKSet{Keys: keys}}, nil
}
