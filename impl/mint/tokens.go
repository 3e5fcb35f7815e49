package mint

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// An Issuance says what to mint under one grant.
type Issuance struct {
	Issuer string      // the issuer identifier; only JWTs tell it
	Grant  store.Grant // ID, ClientID and Subject must be set
	At     time.Time   // when it is issued, in UTC

	Scopes    []string  // of the access token
	Resources []string  // its audience, at least one
	Subject   string    // sub of a JWT; empty is that of the grant
	ExpiresAt time.Time // when the access token expires, whole seconds
	// Sign makes the access token a JWT; nil leaves it opaque.
	Sign Signer

	// IDToken is what an ID Token tells, and how it is signed; nil mints none.
	IDToken *IDToken

	// RefreshExpiresAt is when the refresh token expires; zero mints none. A
	// refresh token always has the whole grant's scopes and resources, whatever
	// the access token beside it was narrowed to (RFC 6749 §6, RFC 8707 §2.2).
	RefreshExpiresAt time.Time

	// AccessProps and RefreshProps are what the tokens carry; the zero Props is
	// none.
	AccessProps, RefreshProps Props
}

// A Signer returns the JWT in compact serialization with header typ and claims.
type Signer func(ctx context.Context, typ string, claims any) (string, error)

// Tokens are what was minted. The strings are secrets; the records are not.
type Tokens struct {
	AccessToken  string
	RefreshToken string        // empty when there is none
	IDToken      string        // empty when there is none
	Records      []store.Token // the access token's first
}

// Mint makes the tokens of an issuance. An error is that of the signer, or a
// defect of the issuance.
func Mint(ctx context.Context, i Issuance) (Tokens, error) {
	if i.Grant.ID == "" || i.Grant.ClientID == "" || i.Grant.Subject == "" || len(i.Resources) == 0 {
		return Tokens{}, errors.New("mint: an issuance needs a grant with client and subject, and a resource")
	}
	if !i.ExpiresAt.After(i.At) || !i.RefreshExpiresAt.IsZero() && !i.RefreshExpiresAt.After(i.At) {
		return Tokens{}, errors.New("mint: a token would have expired before it is issued")
	}
	var t Tokens
	var err error
	if t.AccessToken, err = accessToken(ctx, i); err != nil {
		return Tokens{}, err
	}
	if i.IDToken != nil {
		if t.IDToken, err = i.IDToken.mint(ctx, t.AccessToken); err != nil {
			return Tokens{}, fmt.Errorf("ID Token: %w", err)
		}
	}
	access, err := record(i, store.AccessToken, t.AccessToken, i.AccessProps)
	if err != nil {
		return Tokens{}, err
	}
	access.Scopes, access.Resources, access.ExpiresAt = i.Scopes, i.Resources, i.ExpiresAt
	t.Records = append(t.Records, access)
	if i.RefreshExpiresAt.IsZero() {
		return t, nil
	}
	t.RefreshToken = seal.NewToken(seal.PrefixRefreshToken)
	refresh, err := record(i, store.RefreshToken, t.RefreshToken, i.RefreshProps)
	if err != nil {
		return Tokens{}, err
	}
	refresh.Scopes, refresh.Resources, refresh.ExpiresAt = i.Grant.Scopes, i.Grant.Resources, i.RefreshExpiresAt
	t.Records = append(t.Records, refresh)
	return t, nil
}

func accessToken(ctx context.Context, i Issuance) (string, error) {
	if i.Sign == nil {
		return seal.NewToken(seal.PrefixAccessToken), nil
	}
	return i.Sign(ctx, AccessTokenTyp, accessTokenClaims(i))
}

// record finds the token by its digest. That of a JWT is over the whole string,
// so revocation and introspection treat every format alike, and a JWT whose
// signature was replaced is not found.
func record(i Issuance, kind store.Kind, token string, p Props) (store.Token, error) {
	r := store.Token{
		Digest:    store.NewDigest(kind, token),
		Kind:      kind,
		GrantID:   i.Grant.ID,
		ClientID:  i.Grant.ClientID,
		CreatedAt: i.At,
	}
	var err error
	r.Props, r.WrappedKey, err = p.bind(token, r)
	return r, err
}
