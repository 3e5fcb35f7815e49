package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// A PublicKey verifies signatures of one algorithm. The zero PublicKey verifies
// nothing. It is immutable and safe for concurrent use.
type PublicKey struct {
	kid  string
	alg  Algorithm
	key  crypto.PublicKey
	open bool // the JWK named no algorithm, and its type leaves several
}

// ID returns the key id: the RFC 7638 thumbprint for our own keys.
func (k PublicKey) ID() string { return k.kid }

// Algorithm returns the one algorithm that the key is for.
func (k PublicKey) Algorithm() Algorithm { return k.alg }

// For returns the key as one for alg where its JWK named no algorithm and its
// type has several, as RSA does; else the key as it is. For a signer that has
// told its algorithm elsewhere, as clients do when they register.
func (k PublicKey) For(alg Algorithm) PublicKey {
	if k.open && alg.checkPublic(k.key) == nil {
		k.alg = alg
	}
	return k
}

// NewPublicKey returns the key with its thumbprint as id. It refuses a key that
// is not one for alg, RSA outside 2048 to 8192 bits, and curves other than P-256
// and Ed25519. The error wraps ErrKey.
func NewPublicKey(alg Algorithm, pub crypto.PublicKey) (PublicKey, error) {
	if err := alg.checkPublic(pub); err != nil {
		return PublicKey{}, err
	}
	k := PublicKey{alg: alg, key: pub}
	k.kid = k.Thumbprint()
	return k, nil
}

// A Key signs. The private part is any crypto.Signer: a key in memory, or one
// that lives in a KMS or HSM. It prints as [redacted] and is safe for concurrent
// use when its crypto.Signer is.
type Key struct {
	public PublicKey
	signer crypto.Signer
}

// Format hides the key from every verb.
func (*Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[redacted]") }

// NewKey returns a signing key. For a key outside the process pass a
// crypto.Signer; what NewPublicKey refuses is refused.
func NewKey(alg Algorithm, signer crypto.Signer) (*Key, error) {
	if signer == nil {
		return nil, ErrKey
	}
	pub, err := NewPublicKey(alg, signer.Public())
	if err != nil {
		return nil, err
	}
	return &Key{pub, signer}, nil
}

// Generate makes a new key in memory; RSA keys have 2048 bits. The error wraps
// ErrKey for an unknown algorithm.
func Generate(alg Algorithm) (*Key, error) {
	var signer crypto.Signer
	var err error
	switch alg {
	case ES256:
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	case RS256, PS256:
		signer, err = rsa.GenerateKey(rand.Reader, minRSA)
	default:
		return nil, fmt.Errorf("%w: unknown algorithm %.16q", ErrKey, string(alg))
	}
	if err != nil {
		return nil, err
	}
	return NewKey(alg, signer)
}

// ParseKey reads a private key in PKCS#8 DER. The error wraps ErrKey and repeats
// nothing of the input.
func ParseKey(alg Algorithm, pkcs8 []byte) (*Key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, fmt.Errorf("%w: not PKCS#8", ErrKey)
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: cannot sign", ErrKey)
	}
	return NewKey(alg, signer)
}

// MarshalPrivate returns the private key in PKCS#8 DER, to be sealed before it
// rests anywhere. It fails for keys that live outside the process.
func (k *Key) MarshalPrivate() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return nil, errors.Join(ErrKey, errors.New("the private part is not in memory"))
	}
	return der, nil
}

// Public returns the half that may be shown.
func (k *Key) Public() PublicKey { return k.public }
