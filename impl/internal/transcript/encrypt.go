package transcript

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	gojose "github.com/go-jose/go-jose/v4"
)

// encrypt encrypts a JWT to the server as a client does, with the key that the JWK
// Set publishes for it: NAME of {jwt} by ALG ENC.
func (p *player) encrypt(line string) error {
	words := strings.Fields(line)
	if len(words) != 6 || words[1] != "of" || words[3] != "by" {
		return fmt.Errorf("%q does not encrypt: NAME of {jwt} by ALG ENC", line)
	}
	plain, err := p.values.fill(words[2])
	if err != nil {
		return err
	}
	key, err := p.encryptionKey(words[4])
	if err != nil {
		return err
	}
	e, err := gojose.NewEncrypter(gojose.ContentEncryption(words[5]),
		gojose.Recipient{Algorithm: gojose.KeyAlgorithm(words[4]), Key: key.Key, KeyID: key.KeyID},
		(&gojose.EncrypterOptions{}).WithContentType("JWT"))
	if err != nil {
		return err
	}
	message, err := e.Encrypt([]byte(plain))
	if err != nil {
		return err
	}
	p.values[words[0]], err = message.CompactSerialize()
	return err
}

// encryptionKey returns the server's key to encrypt to by alg.
func (p *player) encryptionKey(alg string) (key gojose.JSONWebKey, err error) {
	res, err := p.http.Get("http" + strings.TrimPrefix(p.issuer, "https") + "/jwks")
	if err != nil {
		return key, err
	}
	defer res.Body.Close()
	var set gojose.JSONWebKeySet
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil || res.StatusCode != http.StatusOK {
		return key, fmt.Errorf("the JWK Set: %d, %v", res.StatusCode, err)
	}
	for _, k := range set.Keys {
		if rsa := k.Algorithm == string(gojose.RSA_OAEP_256); k.Use == "enc" && rsa == (alg == string(gojose.RSA_OAEP_256)) {
			return k, nil
		}
	}
	return key, fmt.Errorf("the JWK Set has no key for %s", alg)
}
