package jose

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// MaxToken is the length in bytes above which a token is neither made nor read.
const MaxToken = 8 << 10

// encoding refuses padding and stray bits: one value has one spelling.
var encoding = base64.RawURLEncoding.Strict()

// Sign returns the compact serialization (RFC 7515 §7.1) of claims under the
// header {alg, kid, typ}. claims must encode to a JSON object that a Verifier
// would read: no member twice, in any case, no case variant of a registered
// claim. typ must not be empty. Which claims there are is the caller's duty.
func (k *Key) Sign(typ string, claims any) (string, error) {
	if !validTyp(typ) {
		return "", errors.New("jose: sign: bad typ")
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("jose: sign: %w", err)
	}
	if _, err := strictClaims(payload); err != nil {
		return "", fmt.Errorf("jose: sign: %w", err)
	}
	// All three values are of characters that JSON does not escape.
	header := `{"alg":"` + string(k.public.alg) + `","kid":"` + k.public.kid + `","typ":"` + typ + `"}`
	input := encoding.AppendEncode(make([]byte, 0, 1024), []byte(header))
	input = append(input, '.')
	input = encoding.AppendEncode(input, payload)
	signature, err := k.signature(input)
	if err != nil {
		return "", fmt.Errorf("jose: sign: %w", err)
	}
	token := append(input, '.')
	token = encoding.AppendEncode(token, signature)
	if len(token) > MaxToken {
		return "", fmt.Errorf("jose: sign: token longer than %d bytes", MaxToken)
	}
	return string(token), nil
}

func (k *Key) signature(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	switch k.public.alg {
	case EdDSA:
		return k.signer.Sign(rand.Reader, input, crypto.Hash(0))
	case PS256:
		return k.signer.Sign(rand.Reader, digest[:], pssOptions)
	case RS256:
		return k.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	case ES256:
		der, err := k.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		return fixedWidth(der)
	}
	return nil, ErrKey
}

// fixedWidth turns the ASN.1 that every crypto.Signer returns into the two
// 32-byte numbers of RFC 7518 §3.4.
func fixedWidth(der []byte) ([]byte, error) {
	var sig struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &sig)
	if err != nil || len(rest) != 0 || sig.R.Sign() <= 0 || sig.S.Sign() <= 0 ||
		sig.R.BitLen() > 256 || sig.S.BitLen() > 256 {
		return nil, errors.New("signer returned a malformed ECDSA signature")
	}
	out := make([]byte, 64)
	sig.R.FillBytes(out[:32])
	sig.S.FillBytes(out[32:])
	return out, nil
}
