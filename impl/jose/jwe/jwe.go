package jwe

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/charterauth/charter/impl/jose"
)

// Algs returns how the key of a message is encrypted (RFC 7518 §4.1), in the
// order of our preference.
func Algs() []string { return slices.Clone(algs) }

// Encs returns how the content of a message is encrypted (RFC 7518 §5.1), in the
// order of our preference; the last is the default of OpenID Connect Registration
// §2.
func Encs() []string { return slices.Clone(encs) }

var (
	algs = []string{string(gojose.ECDH_ES), string(gojose.ECDH_ES_A256KW), string(gojose.ECDH_ES_A128KW), string(gojose.RSA_OAEP_256)}
	encs = []string{string(gojose.A256GCM), string(gojose.A128GCM), string(gojose.A256CBC_HS512), DefaultEnc}
)

// DefaultEnc is what a client means that says only how the key is encrypted.
const DefaultEnc = string(gojose.A128CBC_HS256)

// The RSA sizes in bits, as in package jose.
const (
	minRSA = 2048
	maxRSA = 8192
)

// ErrNoKey: a key set has no key to encrypt to by the algorithm that is asked for.
var ErrNoKey = errors.New("jwe: no key to encrypt to")

// A Key is the public key of a recipient, for one algorithm. The zero Key
// encrypts nothing. It is safe for concurrent use.
type Key struct {
	alg gojose.KeyAlgorithm
	jwk gojose.JSONWebKey
}

// ParseKey returns the first key of a JWK Set (RFC 7517 §5) that can be encrypted
// to by alg. A key is for encryption when it says so, or says nothing of its use.
// A set that package jose refuses, as for a private key in it, is refused. The
// error wraps ErrNoKey or jose.ErrKey.
func ParseKey(set []byte, alg string) (Key, error) {
	if !slices.Contains(algs, alg) {
		return Key{}, fmt.Errorf("%w: algorithm %.20q", ErrNoKey, alg)
	}
	if _, err := jose.ParseJWKSet(set); err != nil {
		return Key{}, err
	}
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(set, &raw); err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrNoKey, err)
	}
	for _, member := range raw.Keys {
		var jwk gojose.JSONWebKey
		if jwk.UnmarshalJSON(member) == nil && fits(jwk, alg) {
			return Key{gojose.KeyAlgorithm(alg), jwk}, nil
		}
	}
	return Key{}, ErrNoKey
}

// fits reports whether a key may be encrypted to by alg.
func fits(jwk gojose.JSONWebKey, alg string) bool {
	if jwk.Use != "" && jwk.Use != "enc" || jwk.Algorithm != "" && jwk.Algorithm != alg || !jwk.Valid() || !jwk.IsPublic() {
		return false
	}
	switch key := jwk.Key.(type) {
	case *rsa.PublicKey:
		return alg == string(gojose.RSA_OAEP_256) && key.N.BitLen() >= minRSA && key.N.BitLen() <= maxRSA
	case *ecdsa.PublicKey:
		return alg != string(gojose.RSA_OAEP_256)
	}
	return false
}

// Encrypt returns the compact serialization of plaintext for the recipient. cty
// names what the plaintext is: "JWT" for a signed one (RFC 7519 §5.2). Where issuer
// is not empty, the header repeats it as iss (RFC 7519 §5.3), for a recipient that
// has to know before it decrypts.
func (k Key) Encrypt(enc, cty, issuer string, plaintext []byte) (string, error) {
	if k.alg == "" || !slices.Contains(encs, enc) {
		return "", fmt.Errorf("jwe: no key, or unknown content encryption %.20q", enc)
	}
	options := (&gojose.EncrypterOptions{}).WithContentType(gojose.ContentType(cty))
	if issuer != "" {
		options = options.WithHeader("iss", issuer)
	}
	encrypter, err := gojose.NewEncrypter(gojose.ContentEncryption(enc), gojose.Recipient{Algorithm: k.alg, Key: k.jwk.Key, KeyID: k.jwk.KeyID}, options)
	if err != nil {
		return "", fmt.Errorf("jwe: %w", err)
	}
	message, err := encrypter.Encrypt(plaintext)
	if err != nil {
		return "", fmt.Errorf("jwe: %w", err)
	}
	return message.CompactSerialize()
}
