package jwe

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/charterauth/charter/impl/jose"
)

// KeyTypes names the private keys that are needed for Algs to be decrypted: an RSA
// key for RSA-OAEP-256, and one on P-256 for the family of ECDH-ES.
func KeyTypes() []string { return slices.Clone(keyTypes) }

var keyTypes = []string{string(gojose.ECDH_ES), string(gojose.RSA_OAEP_256)}

// A PrivateKey decrypts. It prints as [redacted], is immutable and is safe for
// concurrent use.
type PrivateKey struct {
	keyType string
	id      string
	private crypto.Signer // *rsa.PrivateKey or *ecdsa.PrivateKey
}

// Format hides the key from every verb.
func (*PrivateKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[redacted]") }

// Generate makes a key of one of KeyTypes; RSA keys have 2048 bits. The error
// wraps jose.ErrKey for an unknown type.
func Generate(keyType string) (*PrivateKey, error) {
	var private crypto.Signer
	var err error
	switch keyType {
	case string(gojose.RSA_OAEP_256):
		private, err = rsa.GenerateKey(rand.Reader, minRSA)
	case string(gojose.ECDH_ES):
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return nil, fmt.Errorf("%w: unknown type %.16q", jose.ErrKey, keyType)
	}
	if err != nil {
		return nil, err
	}
	return newPrivateKey(keyType, private)
}

// ParsePrivateKey reads a private key in PKCS#8 DER. The error wraps jose.ErrKey
// and repeats nothing of the input.
func ParsePrivateKey(keyType string, pkcs8 []byte) (*PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, fmt.Errorf("%w: not PKCS#8", jose.ErrKey)
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: of another type", jose.ErrKey)
	}
	return newPrivateKey(keyType, private)
}

func newPrivateKey(keyType string, private crypto.Signer) (*PrivateKey, error) {
	switch key := private.(type) {
	case *rsa.PrivateKey:
		if keyType != string(gojose.RSA_OAEP_256) || key.N.BitLen() < minRSA || key.N.BitLen() > maxRSA {
			return nil, fmt.Errorf("%w: not one for %.16q", jose.ErrKey, keyType)
		}
	case *ecdsa.PrivateKey:
		if keyType != string(gojose.ECDH_ES) || key.Curve != elliptic.P256() {
			return nil, fmt.Errorf("%w: not one for %.16q", jose.ErrKey, keyType)
		}
	default:
		return nil, fmt.Errorf("%w: not one for %.16q", jose.ErrKey, keyType)
	}
	k := &PrivateKey{keyType: keyType, private: private}
	jwk := k.public()
	thumbprint, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", jose.ErrKey, err)
	}
	k.id = base64.RawURLEncoding.EncodeToString(thumbprint)
	return k, nil
}

// ID returns the key id, the RFC 7638 thumbprint.
func (k *PrivateKey) ID() string { return k.id }

// MarshalPrivate returns the private key in PKCS#8 DER, to be sealed before it
// rests anywhere.
func (k *PrivateKey) MarshalPrivate() ([]byte, error) {
	return x509.MarshalPKCS8PrivateKey(k.private)
}

// PublicJWK returns the half that may be shown as a JWK (RFC 7517 §4) with kid and
// use. It has an alg where the key is for one alone.
func (k *PrivateKey) PublicJWK() ([]byte, error) {
	jwk := k.public()
	jwk.KeyID, jwk.Use = k.id, "enc"
	if k.keyType == string(gojose.RSA_OAEP_256) {
		jwk.Algorithm = k.keyType
	}
	return jwk.MarshalJSON()
}

func (k *PrivateKey) public() gojose.JSONWebKey { return gojose.JSONWebKey{Key: k.private.Public()} }

// decrypts reports whether the key is one for alg.
func (k *PrivateKey) decrypts(alg string) bool {
	return (alg == string(gojose.RSA_OAEP_256)) == (k.keyType == string(gojose.RSA_OAEP_256))
}

// ErrMessage: what came is no message that the key opens. It does not say why:
// whoever could tell a wrong key from wrong content could ask until they know the
// content (RFC 7516 §11.5).
var ErrMessage = errors.New("jwe: no message, or not one for this key")
