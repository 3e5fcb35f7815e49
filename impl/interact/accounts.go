package interact

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/server"
)

// Accounts are the people who can sign in. LocalAccounts keeps them in the
// Store; AccountFuncs asks a program's own table of users. Implementations are
// safe for concurrent use.
type Accounts interface {
	// Authenticate returns whom name and password belong to. The errors that the
	// pages understand are ErrCredentials, ErrPasswordTooLong, ErrBusy and
	// *TooManyAttempts; any other is shown as the server's fault.
	//
	// An implementation bounds how often one account can be guessed at, since
	// only it knows which names are the same account, and answers for an unknown
	// or disabled account as for a wrong password, after the same work.
	Authenticate(ctx context.Context, name, password string) (Identity, error)
	// Account returns the person of a session, by Identity.Subject. It is asked
	// before every consent. ErrNoAccount when the account is gone or disabled.
	Account(ctx context.Context, subject string) (Identity, error)
}

// An Identity is a person who was recognised.
type Identity struct {
	// Subject is the identifier that tokens carry: never used again for somebody
	// else, 1 to 255 bytes of UTF-8.
	Subject string
	// Name is shown to the person, so that they see which account is in use.
	Name string
	// Methods are how they authenticated, in RFC 8176 values. Read after
	// Authenticate only.
	Methods []string
	// ACR is the class of that authentication (OpenID Connect Core §2), one of
	// Config.ACRValues; "" is none. Read after Authenticate only.
	ACR string
	// ValidSince voids the sessions from before it: when the password was last
	// changed. Zero: none is void.
	ValidSince time.Time
	// Claims are what clients may be told of the person beside Subject, where the
	// server is an OpenID provider: a JSON object as server.Claims returns it. Read
	// after Account only. nil: nothing.
	Claims json.RawMessage
}

// Claims returns the server.Claims of accounts, which makes a server an OpenID
// provider.
func Claims(accounts Accounts) server.Claims {
	return func(ctx context.Context, subject string) (json.RawMessage, error) {
		id, err := accounts.Account(ctx, subject)
		if errors.Is(err, ErrNoAccount) {
			return nil, server.ErrNoPerson
		}
		return id.Claims, err
	}
}

var (
	// ErrCredentials: the name, the password or both are wrong, or the account is
	// disabled. Which one is never told.
	ErrCredentials = errors.New("interact: wrong name or password")
	// ErrPasswordTooLong: the password is longer than 1024 bytes. It is refused,
	// never cut: a cut one would match others.
	ErrPasswordTooLong = errors.New("interact: the password is longer than 1024 bytes")
	// ErrBusy: too many people are signing in at once.
	ErrBusy = errors.New("interact: too many sign-ins at once")
	// ErrNoAccount: the account does not exist, or is disabled.
	ErrNoAccount = errors.New("interact: no such account")
)

// TooManyAttempts is the error of an account, or of a network, that was guessed
// at too often.
type TooManyAttempts struct {
	Wait time.Duration // after which another attempt is heard, at the latest
}

// Error implements error.
func (e *TooManyAttempts) Error() string {
	return "interact: too many attempts; the next is heard in at most " + e.Wait.String()
}

// AccountFuncs are Accounts made of two functions of a program that has its own
// table of users. Both are required, and have the contract of the method that
// they are named for.
type AccountFuncs struct {
	AuthenticateFunc func(ctx context.Context, name, password string) (Identity, error)
	AccountFunc      func(ctx context.Context, subject string) (Identity, error)
}

// Authenticate calls AuthenticateFunc.
func (f AccountFuncs) Authenticate(ctx context.Context, name, password string) (Identity, error) {
	return f.AuthenticateFunc(ctx, name, password)
}

// Account calls AccountFunc.
func (f AccountFuncs) Account(ctx context.Context, subject string) (Identity, error) {
	return f.AccountFunc(ctx, subject)
}

var (
	_ Accounts = (*LocalAccounts)(nil)
	_ Accounts = AccountFuncs{}
)
