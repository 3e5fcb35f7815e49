package server

import (
	"context"
	"errors"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// An OperatorClient is a client that an operator registers: it does not expire,
// and its name is shown as verified.
type OperatorClient struct {
	// Metadata is a JSON object of RFC 7591 §2 members.
	Metadata []byte
	// InsecureNoPKCE lets a confidential client leave out PKCE. Only for
	// clients that cannot be changed: a stolen code can then be injected
	// (RFC 9700 §4.5).
	InsecureNoPKCE bool
	// InsecureLegacyJWT takes client assertions addressed to the token endpoint,
	// and request objects without their typ. Only for clients that cannot be
	// changed: another server that got such an assertion can use it here.
	InsecureLegacyJWT bool
	// KeyEncryptionKey seals the secret of a client_secret_jwt client; nil where
	// there is none.
	KeyEncryptionKey KeyEncryptionKey
}

// CreateClient registers a client as an operator, beside any running server. The
// secret, empty for a public client, is told here and never again. The errors
// are *oauth.Error for metadata that the rules refuse, and the store's.
func CreateClient(ctx context.Context, st store.Store, at time.Time, o OperatorClient) (created store.Client, secret string, err error) {
	metadata, err := client.Parse(o.Metadata, client.Rules{GrantTypes: gen.GrantTypeValues(), RequestObjects: true})
	if err != nil {
		return store.Client{}, "", err
	}
	at = at.UTC().Truncate(time.Microsecond)
	created = store.Client{
		ID: randomID(), Metadata: metadata.JSON(), Source: sourceOperator, Revision: 1,
		InsecureNoPKCE: o.InsecureNoPKCE, InsecureLegacyJWT: o.InsecureLegacyJWT, CreatedAt: at, UpdatedAt: at,
	}
	if metadata.AuthMethod() == client.None && o.InsecureNoPKCE {
		return store.Client{}, "", errors.New("a public client cannot be exempted from PKCE: nothing else would protect its codes")
	}
	kek, err := o.KeyEncryptionKey.forMethod(metadata.AuthMethod())
	if err != nil {
		return store.Client{}, "", err
	}
	secret, created.Secrets = newClientSecret(kek, created.ID, metadata.AuthMethod(), at)
	created, err = st.RegisterClient(ctx, created, time.Time{})
	if err != nil {
		return store.Client{}, "", err
	}
	return created, secret, nil
}

// CreateInitialAccessToken makes a token that admits registrations while the
// server's Registration is RegistrationToken, any number of them until it
// expires (RFC 7591 §3). It is told here and never again.
func CreateInitialAccessToken(ctx context.Context, st store.Store, at, expiresAt time.Time) (string, error) {
	token := seal.NewToken(seal.PrefixInitialAccessToken)
	err := st.Issue(ctx, nil, store.Token{
		Digest: store.NewDigest(store.InitialAccessToken, token), Kind: store.InitialAccessToken,
		CreatedAt: at.UTC().Truncate(time.Microsecond), ExpiresAt: expiresAt.UTC().Truncate(time.Microsecond),
	})
	if err != nil {
		return "", err
	}
	return token, nil
}
