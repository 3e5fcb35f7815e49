package store

import (
	"context"
	"errors"
	"time"
)

// The errors a Store returns, found with errors.Is. Every other error is a
// defect of the implementation and is treated as ErrUnavailable.
var (
	// ErrNotFound: no such record, or for ConsumeToken a token whose grant is
	// revoked or gone.
	ErrNotFound = errors.New("store: not found")
	// ErrConsumed: the token or request was used before; this caller lost.
	ErrConsumed = errors.New("store: already consumed")
	// ErrConflict: the identifier is taken, or the record has changed since it
	// was read.
	ErrConflict = errors.New("store: conflict")
	// ErrInvalid: the record cannot be held exactly as it is, or names nothing.
	// Nothing was changed, and trying again will not help.
	ErrInvalid = errors.New("store: invalid")
	// ErrUnavailable: the store cannot answer now. What was asked for has not
	// been acknowledged; it may or may not have happened. Wraps the cause.
	ErrUnavailable = errors.New("store: unavailable")
)

// A Store keeps Charter's state. Implementations are safe for concurrent use by
// any number of goroutines and, over shared storage, processes.
//
// Contract of every method:
//   - It is one atomic step: it happens entirely or not at all, and a nil error
//     means that it is durable.
//   - Times come from the caller, in UTC, and keep at least microseconds; a
//     store compares the time only where a parameter says so.
//   - A returned record is the caller's to change; an argument is not kept.
//   - Strings are compared byte by byte. What a store cannot hold exactly (for
//     example a NUL) it refuses with ErrInvalid; it never truncates. Looked up,
//     such a string is not found. So are the empty identifier and the zero
//     Digest, which name nothing: no record is kept under them. The Check
//     methods of the records say what every store refuses.
//   - A nil slice and an empty one are the same; a store returns nil for both.
//   - The at of a verb that marks a record may not be zero (ErrInvalid), since
//     zero is how an unmarked record looks. An instant is expired when it is not
//     after the time that it is compared with.
//   - Cancelling ctx may end a method early with ErrUnavailable.
//   - Listings are ordered by the identifier that their after parameter names,
//     start behind it, and return at most limit records.
type Store interface {
	// RegisterClient adds c and, with it, tokens. When c.Fingerprint is not zero
	// and a live client with the same fingerprint (not disabled, not expired at
	// c.CreatedAt) was created at or after since, nothing is added: that client is
	// marked Shared, its ExpiresAt is raised to c.ExpiresAt if that is later (zero
	// is never), and it is returned instead of c. Marking it Shared for the first
	// time raises its revision, so that a ReplaceClient by its first registrant
	// that read it before fails.
	// ErrConflict when c.ID or a token's digest is taken.
	RegisterClient(ctx context.Context, c Client, since time.Time, tokens ...Token) (Client, error)
	// Client returns a client, expired or not. ErrNotFound.
	Client(ctx context.Context, id string) (Client, error)
	// Clients lists by Client.ID.
	Clients(ctx context.Context, after string, limit int) ([]Client, error)
	// ReplaceClient stores c if the stored revision still is c.Revision, and
	// raises the revision by one. ErrConflict otherwise, ErrNotFound.
	ReplaceClient(ctx context.Context, c Client) error
	// RenewClient notes a use: LastUsedAt and ExpiresAt become the given times
	// when they are later than the stored ones (a zero ExpiresAt is for ever and
	// stays). The revision stays. ErrNotFound.
	RenewClient(ctx context.Context, id string, usedAt, expiresAt time.Time) error
	// DeleteClient removes the client and its own tokens (registration access
	// tokens) and revokes its grants as of at. ErrNotFound.
	DeleteClient(ctx context.Context, id string, at time.Time) error

	// CreateRequest adds a request. ErrConflict when its digest is taken.
	CreateRequest(ctx context.Context, r Request) error
	// Request returns a request, answered and expired ones too. ErrNotFound.
	Request(ctx context.Context, handle Digest) (Request, error)
	// AnswerRequest marks the request answered as of at and, when grant is not
	// nil, adds the grant and tokens. Of any number of calls exactly one returns
	// nil and only its grant exists; the others get ErrConsumed. ErrNotFound.
	AnswerRequest(ctx context.Context, handle Digest, at time.Time, grant *Grant, tokens ...Token) error

	// Issue adds a grant and its tokens. ErrConflict when an identifier is taken.
	Issue(ctx context.Context, grant Grant, tokens ...Token) error
	// AddToken adds tokens that belong to no grant (initial access tokens,
	// registration access tokens). ErrConflict when a digest is taken.
	AddToken(ctx context.Context, tokens ...Token) error
	// Token returns a token and its grant, whatever their state; the grant is
	// zero when the token belongs to none. The caller judges expiry,
	// consumption and revocation. ErrNotFound. It reads what the newest
	// acknowledged write left.
	Token(ctx context.Context, d Digest) (Token, Grant, error)
	// ConsumeToken spends a token once: it marks it consumed, keeps Reply and
	// Successor with it, adds the successors, and notes the use of the grant. Of
	// any number of concurrent calls for one token, on any number of processes,
	// exactly one returns nil and only its successors exist; the others get
	// ErrConsumed. ErrNotFound when there is no such token or its grant is
	// revoked or gone. ErrConflict when a successor's digest is taken.
	ConsumeToken(ctx context.Context, c Consumption) error

	// Grant returns a grant, revoked ones too. ErrNotFound.
	Grant(ctx context.Context, id string) (Grant, error)
	// Grants lists the grants of a subject that are neither revoked nor expired
	// at at, by Grant.ID.
	Grants(ctx context.Context, subject string, at time.Time, after string, limit int) ([]Grant, error)
	// RevokeGrants revokes as of at every live grant that matches all non-empty
	// fields of f, and returns how many. It never fails for want of a match. An
	// empty filter matches nothing. From its return on, no reader of the store
	// sees a token of these grants under an unrevoked grant.
	RevokeGrants(ctx context.Context, f GrantFilter, at time.Time) (int, error)

	// CreateSession adds a session and ends the one that it replaces, if that
	// digest is not zero. ErrConflict.
	CreateSession(ctx context.Context, s Session, replaces Digest) error
	// Session returns a session, expired ones too. ErrNotFound.
	Session(ctx context.Context, d Digest) (Session, error)
	// EndSession removes a session; removing none is no error.
	EndSession(ctx context.Context, d Digest) error

	// CreateAccount adds an account. ErrConflict when the ID or Name is taken.
	CreateAccount(ctx context.Context, a Account) error
	// Account returns an account by ID. ErrNotFound.
	Account(ctx context.Context, id string) (Account, error)
	// AccountByName returns an account by the exact bytes of Name. ErrNotFound.
	AccountByName(ctx context.Context, name string) (Account, error)
	// Accounts lists by Account.ID.
	Accounts(ctx context.Context, after string, limit int) ([]Account, error)
	// ReplaceAccount stores a if the stored revision still is a.Revision, and
	// raises the revision by one. ErrConflict otherwise, ErrNotFound.
	ReplaceAccount(ctx context.Context, a Account) error
	// DeleteAccount removes the account and its sessions and revokes its grants
	// as of at. ErrNotFound.
	DeleteAccount(ctx context.Context, id string, at time.Time) error

	// CreateKey adds a key. ErrConflict when its ID is taken or another key has
	// the same Use, Algorithm and Generation: two processes that both find a key
	// missing make one.
	CreateKey(ctx context.Context, k Key) error
	// Keys returns all keys, ordered by Use, Algorithm and Generation.
	Keys(ctx context.Context) ([]Key, error)
	// RetireKey sets when a key stops signing and when it stops being published.
	// ErrNotFound.
	RetireKey(ctx context.Context, id string, retiredAt, expiresAt time.Time) error

	// Once is the replay guard: exactly one caller per scope and id gets nil,
	// the others ErrConsumed. The entry may be swept after until.
	Once(ctx context.Context, scope, id string, until time.Time) error
	// Count adds one to a counter and returns the new value. A counter starts at
	// zero, and starts again when at is not before the until that its first call
	// gave. Concurrent calls get different values.
	Count(ctx context.Context, scope, id string, at, until time.Time) (int, error)

	// Record appends to the audit trail.
	Record(ctx context.Context, events ...Event) error
	// Events lists the audit trail by Event.ID.
	Events(ctx context.Context, after string, limit int) ([]Event, error)

	// Sweep removes at most limit records that no verb needs any more at before:
	// expired requests, sessions, keys, counters, replay marks, clients and
	// grants (each with its tokens), and expired tokens. A consumed token stays
	// while its grant does, since reuse detection needs it. It returns how many
	// records it removed; fewer than limit means that nothing is left. Sweeping
	// on several processes at once is safe.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
	// Ping returns nil when the store can read and write now.
	Ping(ctx context.Context) error
	// Close releases what the store holds. No method may be called after it.
	Close() error
}
