package server

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/store"
)

// A ClientUpdate is what an operator changes of a client. Nil fields stay as
// they are.
type ClientUpdate struct {
	// Metadata replaces members of the client's metadata (RFC 7591 §2), one by
	// one; null removes a member.
	Metadata map[string]json.RawMessage
	// InsecureNoPKCE is that of OperatorClient.
	InsecureNoPKCE *bool
	// InsecureLegacyJWT is that of OperatorClient.
	InsecureLegacyJWT *bool
	// KeyEncryptionKey is that of OperatorClient.
	KeyEncryptionKey KeyEncryptionKey
	// Disabled shuts the client out, and its tokens with it, until it is undone.
	Disabled *bool
}

// UpdateClient changes a client as an operator, beside any running server. A
// client whose method needs a secret that it has not gets one, told here and never
// again; one whose method needs none loses its own. The errors are *oauth.Error for metadata
// that the rules refuse, and the store's: ErrNotFound, ErrConflict when somebody
// else changed the client meanwhile.
func UpdateClient(ctx context.Context, st store.Store, at time.Time, id string, u ClientUpdate) (updated store.Client, secret string, err error) {
	updated, err = st.Client(ctx, id)
	if err != nil {
		return store.Client{}, "", err
	}
	before, after, err := u.apply(updated)
	if err != nil {
		return store.Client{}, "", err
	}
	at = at.UTC().Truncate(time.Microsecond)
	updated.Metadata, updated.UpdatedAt = after.JSON(), at
	updated.Fingerprint = store.Digest{} // what registers with the old metadata again gets a client of its own
	if !sameSecrets(before, after) {
		kek, err := u.KeyEncryptionKey.forMethod(after.AuthMethod())
		if err != nil {
			return store.Client{}, "", err
		}
		secret, updated.Secrets = newClientSecret(kek, id, after.AuthMethod(), at)
	}
	u.applySwitches(&updated, at)
	if updated.InsecureNoPKCE && after.AuthMethod() == client.None {
		return store.Client{}, "", errors.New("a public client cannot be exempted from PKCE: nothing else would protect its codes")
	}
	if updated.InsecureNoPKCE && updated.Source != sourceOperator {
		return store.Client{}, "", errors.New("only a client of the operator can be exempted from PKCE")
	}
	if err := st.ReplaceClient(ctx, updated); err != nil {
		return store.Client{}, "", err
	}
	recordOperator(ctx, st, at, store.Event{Reason: "client_updated_by_operator", ClientID: id})
	return updated, secret, nil
}

// apply returns the metadata as stored and as they become.
func (u ClientUpdate) apply(c store.Client) (before, after client.Metadata, err error) {
	if before, err = client.Restore(c.Metadata); err != nil || len(u.Metadata) == 0 {
		return before, before, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(c.Metadata, &members); err != nil {
		return before, after, err
	}
	for name, value := range u.Metadata {
		if string(value) == "null" {
			delete(members, name)
			continue
		}
		members[name] = value
	}
	document, err := json.Marshal(members)
	if err != nil {
		return before, after, err
	}
	after, err = client.Parse(document, operatorRules(c.Source))
	return before, after, err
}

// operatorRules are the rules for a client of a source: the client_credentials
// grant is for those that an operator registered.
func operatorRules(source string) client.Rules {
	grants := gen.GrantTypeValues()
	if source != sourceOperator {
		grants = slices.DeleteFunc(grants, func(t gen.GrantType) bool { return t == gen.GrantTypeClientCredentials })
	}
	return client.Rules{GrantTypes: grants, RequestObjects: true}
}

func (u ClientUpdate) applySwitches(c *store.Client, at time.Time) {
	if u.InsecureNoPKCE != nil {
		c.InsecureNoPKCE = *u.InsecureNoPKCE
	}
	if u.InsecureLegacyJWT != nil {
		c.InsecureLegacyJWT = *u.InsecureLegacyJWT
	}
	switch {
	case u.Disabled == nil:
	case !*u.Disabled:
		c.DisabledAt = time.Time{}
	case c.DisabledAt.IsZero():
		c.DisabledAt = at
	}
}

// ErrNoSecret: the client's method needs no secret, so there is none to rotate.
var ErrNoSecret = errors.New("server: the client has no secret")

// RotateClientSecret gives a confidential client a new secret, told here and
// never again. The old ones are good for keep longer; not at all when keep is 0.
// key seals the secret of a client_secret_jwt client.
// The errors are ErrNoSecret and the store's: ErrNotFound, ErrConflict.
func RotateClientSecret(ctx context.Context, st store.Store, at time.Time, id string, keep time.Duration, key KeyEncryptionKey) (secret string, err error) {
	c, err := st.Client(ctx, id)
	if err != nil {
		return "", err
	}
	metadata, err := client.Restore(c.Metadata)
	if err != nil {
		return "", err
	}
	method := metadata.AuthMethod()
	if method.SecretForm() == client.NoSecret {
		return "", ErrNoSecret
	}
	kek, err := key.forMethod(method)
	if err != nil {
		return "", err
	}
	at = at.UTC().Truncate(time.Microsecond)
	end := at.Add(keep)
	c.Secrets = slices.DeleteFunc(c.Secrets, func(s store.ClientSecret) bool { return keep <= 0 || expired(s.ExpiresAt, at) })
	for i := range c.Secrets {
		if s := &c.Secrets[i]; s.ExpiresAt.IsZero() || s.ExpiresAt.After(end) {
			s.ExpiresAt = end
		}
	}
	secret, added := newClientSecret(kek, c.ID, method, at)
	c.Secrets = append(added, c.Secrets...)
	c.UpdatedAt = at
	if err := st.ReplaceClient(ctx, c); err != nil {
		return "", err
	}
	recordOperator(ctx, st, at, store.Event{Reason: "client_secret_rotated", ClientID: id})
	return secret, nil
}

// RemoveClient deletes a client as an operator and revokes what it was granted.
// ErrNotFound of the store.
func RemoveClient(ctx context.Context, st store.Store, at time.Time, id string) error {
	at = at.UTC().Truncate(time.Microsecond)
	if err := st.DeleteClient(ctx, id, at); err != nil {
		return err
	}
	recordOperator(ctx, st, at, store.Event{Reason: "client_deleted_by_operator", ClientID: id})
	return nil
}

// Unused reports whether a client registered itself and is not wanted: its
// registration has expired, or it was never used in the age since. Clients of an
// operator never are.
func Unused(c store.Client, at time.Time, age time.Duration) bool {
	if c.Source != sourceDynamic {
		return false
	}
	return expired(c.ExpiresAt, at) || c.LastUsedAt.IsZero() && !c.CreatedAt.Add(age).After(at)
}
