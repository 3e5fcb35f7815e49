package server

import (
	"context"
	"encoding/json"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/store"
)

// A Policy is asked before anything is issued: by the token endpoint for every
// grant. It may change the fields of i that say so. An *oauth.Error is sent to
// the client; any other error is a server_error with a reference id. Either way
// nothing is issued and nothing consumed. It must be safe for concurrent use.
type Policy func(ctx context.Context, i *Issue) error

// An Issue is what is about to be issued.
type Issue struct {
	GrantType gen.GrantType // the grant being redeemed; not to change
	ClientID  string        // not to change
	Grant     store.Grant   // a copy; its Subject, Scopes and Resources bound what can be issued

	Scopes           []string        // of the access token; may be narrowed, never widened
	Resources        []string        // its audience; may be narrowed to a non-empty part
	Props            json.RawMessage // the application's data; may be replaced, and is then that of every token that follows from this one
	AccessTokenProps json.RawMessage // nil; set it to give this access token data of its own
	AccessToken      time.Duration   // lifetime of the access token; may be shortened
	Refresh          time.Duration   // lifetime of the refresh token; may be shortened
	RefreshToken     bool            // whether one is issued; may be set to false
	RevokeGrant      bool            // set together with an error: the grant is revoked as well
}

// A RegistrationPolicy is asked before a dynamic registration, or its update, is
// stored. It may return other metadata, which is validated like the client's.
// Errors as with Policy. It must be safe for concurrent use.
type RegistrationPolicy func(ctx context.Context, r RegistrationAttempt) (client.Metadata, error)

// A RegistrationAttempt is a valid registration that is about to be stored.
type RegistrationAttempt struct {
	Metadata client.Metadata
	ClientID string // of the client being updated; empty for a new one
	Address  string // the peer
}
