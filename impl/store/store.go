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
	// ErrConsumed: the token was used before; this caller lost.
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

	// Issue adds grant, where it is not nil, and tokens. Without a grant the tokens
	// belong to one that is there already or to none (authorization requests,
	// initial and registration access tokens). ErrConflict when an identifier is
	// taken.
	Issue(ctx context.Context, grant *Grant, tokens ...Token) error
	// Token returns a token and its grant, whatever their state; the grant is
	// zero when the token belongs to none. The caller judges expiry,
	// consumption and revocation. ErrNotFound. It reads what the newest
	// acknowledged write left.
	Token(ctx context.Context, d Digest) (Token, Grant, error)
	// ConsumeToken spends a token once: it marks it consumed, keeps Reply and
	// Successor with it, adds the new grant and the successors, and notes the use
	// of the token's own grant. Of any number of concurrent calls for one token, on
	// any number of processes, exactly one returns nil and only its grant and its
	// successors exist; the others get ErrConsumed. ErrNotFound when there is no
	// such token or its grant is revoked or gone. ErrConflict when the identifier
	// of the new grant or of a successor is taken.
	ConsumeToken(ctx context.Context, c Consumption) error

	// Grants lists by Grant.ID the grants that match f and are neither revoked nor
	// expired at at. A zero at lists all that match, whatever their state.
	Grants(ctx context.Context, f GrantFilter, at time.Time, after string, limit int) ([]Grant, error)
	// RevokeGrants revokes as of at every live grant that matches f, and returns
	// how many. It never fails for want of a match. From its return on, no reader
	// of the store sees a token of these grants under an unrevoked grant.
	RevokeGrants(ctx context.Context, f GrantFilter, at time.Time) (int, error)

	// CreateSession adds a session and ends the one that it replaces, if that
	// digest is not zero; the new one may have the ID of the old. ErrConflict when
	// its digest or its ID is taken.
	CreateSession(ctx context.Context, s Session, replaces Digest) error
	// Session returns a session, expired ones too. ErrNotFound.
	Session(ctx context.Context, d Digest) (Session, error)
	// EndSession removes the session with an ID, whatever its digest is by now, so
	// that a sign-out is not lost beside a renewal. Removing none is no error.
	EndSession(ctx context.Context, id string) error

	// ReplaceAccount puts a where the caller read the account at a.Revision, and
	// raises the revision by one; revision 0 is where there was none. ErrConflict
	// when the stored revision is another, or the Name is taken; ErrNotFound when
	// there is no such account and the revision is not 0.
	ReplaceAccount(ctx context.Context, a Account) error
	// Account returns an account by ID. ErrNotFound.
	Account(ctx context.Context, id string) (Account, error)
	// AccountByName returns an account by the exact bytes of Name. ErrNotFound.
	AccountByName(ctx context.Context, name string) (Account, error)
	// Accounts lists by Account.ID.
	Accounts(ctx context.Context, after string, limit int) ([]Account, error)
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

	// Enqueue adds deliveries. ErrConflict when an ID is taken.
	Enqueue(ctx context.Context, deliveries ...Delivery) error
	// ClaimDeliveries leases at most limit deliveries that are due (NextAt not
	// after at) and not expired at at: their NextAt becomes until and their Attempts
	// rise by one, and they are returned so. Of any number of concurrent calls, on
	// any number of processes, exactly one gets a delivery before its lease is over.
	ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) ([]Delivery, error)
	// FinishDelivery ends a lease: a zero next removes the delivery, any other is
	// its NextAt. ErrNotFound when it is gone; ErrConflict when next is not zero and
	// the stored Attempts are not those that were claimed, because somebody else
	// has the lease by now.
	FinishDelivery(ctx context.Context, id string, attempts int64, next time.Time) error

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
	// expired sessions, keys, deliveries, counters, replay marks, clients and
	// grants (each with its tokens), and expired tokens. A consumed token stays
	// while its grant does, since reuse detection needs it; one without a grant
	// stays until it expires. It returns how many records it removed; fewer than
	// limit means that nothing is left. Sweeping on several processes at once is
	// safe.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
	// Ping returns nil when the store can read and write now.
	Ping(ctx context.Context) error
	// Close releases what the store holds. No method may be called after it.
	Close() error
}
