package client

import (
	"encoding/json"

	"github.com/charterauth/charter/impl/jose/jwe"
	"github.com/charterauth/charter/impl/oauth"
)

// applyEncryptionDefaults fills in what OpenID Connect Registration §2 says of an
// omitted enc.
func (m *Metadata) applyEncryptionDefaults() {
	for _, e := range []struct{ alg, enc *string }{
		{&m.IDTokenEncryptedResponseAlg, &m.IDTokenEncryptedResponseEnc},
		{&m.UserinfoEncryptedResponseAlg, &m.UserinfoEncryptedResponseEnc},
		{&m.RequestObjectEncryptionAlg, &m.RequestObjectEncryptionEnc},
	} {
		if *e.alg != "" && *e.enc == "" {
			*e.enc = jwe.DefaultEnc
		}
	}
}

// checkEncryption demands an alg with every enc, and a key to encrypt to. Request
// objects are encrypted to a key of the server.
func (m *Metadata) checkEncryption() error {
	if m.RequestObjectEncryptionAlg == "" && m.RequestObjectEncryptionEnc != "" {
		return oauth.InvalidClientMetadata("encryption_alg_missing", "request_object_encryption_enc needs request_object_encryption_alg")
	}
	for _, e := range []struct{ member, alg, enc string }{
		{"id_token_encrypted_response", m.IDTokenEncryptedResponseAlg, m.IDTokenEncryptedResponseEnc},
		{"userinfo_encrypted_response", m.UserinfoEncryptedResponseAlg, m.UserinfoEncryptedResponseEnc},
	} {
		switch {
		case e.alg == "" && e.enc != "":
			return oauth.InvalidClientMetadata("encryption_alg_missing", e.member+"_enc needs "+e.member+"_alg")
		case e.alg == "":
		case !m.hasKeys():
			return oauth.InvalidClientMetadata("encryption_keys", e.member+"_alg needs jwks or jwks_uri")
		case m.JWKS != nil && !m.encryptsBy(e.alg):
			return oauth.InvalidClientMetadata("encryption_keys", "jwks has no key for "+e.member+"_alg")
		}
	}
	return nil
}

func (m *Metadata) encryptsBy(alg string) bool {
	set, err := json.Marshal(m.JWKS)
	if err != nil {
		return false
	}
	_, err = jwe.ParseKey(set, alg)
	return err == nil
}
