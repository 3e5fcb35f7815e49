package interact

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// LocalAccounts are accounts in a Store, with argon2id passwords. It is safe for
// concurrent use, and any number of processes may have one over the same store.
type LocalAccounts struct {
	store store.Store
	bench *bench
	decoy passwordHash // what an unknown account's password is compared with
	now   func() time.Time
}

// NewLocalAccounts returns the accounts of st.
func NewLocalAccounts(st store.Store) *LocalAccounts {
	decoy := passwordHash{cost: currentCost, salt: make([]byte, saltSize), hash: make([]byte, hashSize)}
	rand.Read(decoy.salt)
	rand.Read(decoy.hash)
	return &LocalAccounts{store: st, bench: newBench(), decoy: decoy, now: time.Now}
}

// Add makes an account. The name is trimmed of the space around it. Errors:
// store.ErrConflict when the name is taken, ErrPasswordTooLong, and texts that
// say what is wrong with name or password.
func (l *LocalAccounts) Add(ctx context.Context, name, password string) error {
	_, err := l.add(ctx, name, password)
	return err
}

func (l *LocalAccounts) add(ctx context.Context, name, password string) (store.Account, error) {
	name = accountName(name)
	if err := errors.Join(checkAccountName(name), checkNewPassword(password)); err != nil {
		return store.Account{}, err
	}
	hash, err := l.hash(ctx, password)
	if err != nil {
		return store.Account{}, err
	}
	now := l.instant()
	account := store.Account{ID: newSubject(), Name: name, PasswordHash: hash, CreatedAt: now, UpdatedAt: now}
	return account, l.store.ReplaceAccount(ctx, account)
}

// newSubject returns 128 random bits. The prefix keeps subjects of people apart
// from client identifiers, which are subjects as well (RFC 9068 §5).
func newSubject() string {
	var b [16]byte
	rand.Read(b[:])
	return "u_" + base64.RawURLEncoding.EncodeToString(b[:])
}

// SetDisabled shuts an account out, or lets it in again. Shut out, it is signed in
// nowhere and cannot sign in, its grants are revoked, and the clients that it
// signed in to are told: its tokens are dead when SetDisabled returns nil, and stay
// so when it is let in again. Errors: ErrNoAccount, and those of the store, after
// which it is called again.
func (l *LocalAccounts) SetDisabled(ctx context.Context, name string, disabled bool) error {
	var at time.Time
	if disabled {
		at = l.instant()
	}
	account, err := l.change(ctx, name, func(a *store.Account) { a.DisabledAt = at })
	if err != nil || !disabled {
		return err
	}
	// After the account: whatever is issued from here on is refused by
	// RequireAccount, whatever was issued before is revoked.
	_, err = server.EndSession(ctx, l.store, at, server.SessionEnd{Subject: account.ID, AccountGone: true})
	return err
}

// Remove removes an account for good: its sessions end, its grants are revoked,
// and the clients that it signed in to are told. Errors: ErrNoAccount, and those of
// the store, after which it is called again.
func (l *LocalAccounts) Remove(ctx context.Context, name string) error {
	account, err := l.store.AccountByName(ctx, accountName(name))
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoAccount
	}
	if err != nil {
		return err
	}
	// Before the account: afterwards nobody could call it again.
	if _, err := server.EndSession(ctx, l.store, l.instant(), server.SessionEnd{Subject: account.ID, AccountGone: true}); err != nil {
		return err
	}
	err = l.store.DeleteAccount(ctx, account.ID, l.instant())
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoAccount
	}
	return err
}

// SignOut voids every session of an account, local or linked, and ends what was
// signed in to with them (server.EndSessions): the clients are told. The person may
// sign in again at once. Errors: ErrNoAccount, and those of the store, after which it
// is called again.
func (l *LocalAccounts) SignOut(ctx context.Context, name string) error {
	account, err := l.change(ctx, name, func(a *store.Account) { a.UpdatedAt = l.instant() })
	if err != nil {
		return err
	}
	return server.EndSessions(ctx, l.store, l.instant(), account.ID)
}

// SetPassword replaces the password of an account and ends its sessions as a
// logout does: the clients that it signed in to are told, and of its grants those
// end that end with a session (server.EndSession). Errors: ErrNoAccount, and those
// of Add, after which it is called again.
func (l *LocalAccounts) SetPassword(ctx context.Context, name, password string) error {
	if err := checkNewPassword(password); err != nil {
		return err
	}
	hash, err := l.hash(ctx, password)
	if err != nil {
		return err
	}
	account, err := l.change(ctx, name, func(a *store.Account) { a.PasswordHash, a.UpdatedAt = hash, l.instant() })
	if err != nil {
		return err
	}
	_, err = server.EndSession(ctx, l.store, l.instant(), server.SessionEnd{Subject: account.ID})
	return err
}

// change changes an account, again when somebody who signs in at this moment
// changed it meanwhile.
func (l *LocalAccounts) change(ctx context.Context, name string, set func(*store.Account)) (store.Account, error) {
	for {
		account, err := l.store.AccountByName(ctx, accountName(name))
		if errors.Is(err, store.ErrNotFound) {
			return account, ErrNoAccount
		}
		if err != nil {
			return account, err
		}
		set(&account)
		if err = l.store.ReplaceAccount(ctx, account); !errors.Is(err, store.ErrConflict) {
			return account, err
		}
	}
}

func checkNewPassword(password string) error {
	if len(password) > maxPassword {
		return ErrPasswordTooLong
	}
	if utf8.RuneCountInString(password) < minPassword {
		return fmt.Errorf("a password has at least %d characters", minPassword)
	}
	return nil
}

// Account implements Accounts.
func (l *LocalAccounts) Account(ctx context.Context, subject string) (Identity, error) {
	account, err := l.store.Account(ctx, subject)
	if errors.Is(err, store.ErrNotFound) || err == nil && !account.DisabledAt.IsZero() {
		return Identity{}, ErrNoAccount
	}
	if err != nil {
		return Identity{}, err
	}
	id := identity(account)
	id.Claims, err = localClaims(account)
	return id, err
}

func identity(a store.Account) Identity {
	return Identity{Subject: a.ID, Name: a.Name, ValidSince: validSince(a)}
}

// validSince is when the sessions of an account were last voided; zero if never.
func validSince(a store.Account) time.Time {
	if a.UpdatedAt.Equal(a.CreatedAt) {
		return time.Time{}
	}
	return a.UpdatedAt
}

// PasswordACR is the authentication context class of LocalAccounts: a password over
// a protected connection (SAML 2.0 Authentication Context §3.4.6).
const PasswordACR = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

// Limits on guessing one account.
const (
	accountAttempts = 10
	attemptWindow   = 15 * time.Minute
)

// Authenticate implements Accounts. Every path that ends in ErrCredentials does
// the same work: one look-up, one count, one hash.
func (l *LocalAccounts) Authenticate(ctx context.Context, name, password string) (Identity, error) {
	if len(password) > maxPassword {
		return Identity{}, ErrPasswordTooLong
	}
	name = accountName(name)
	account, err := l.store.AccountByName(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Identity{}, err
	}
	known := err == nil
	n, err := l.countAttempt(ctx, account, name)
	if err != nil {
		return Identity{}, err
	}
	hash := l.decoy
	if known {
		if hash, err = parsePasswordHash(account.PasswordHash); err != nil {
			return Identity{}, err
		}
	}
	var good bool
	if err := l.bench.work(ctx, func() { good = hash.matches(password) }); err != nil {
		return Identity{}, err
	}
	if !good || !known || !account.DisabledAt.IsZero() {
		return Identity{}, ErrCredentials
	}
	if err := l.settle(ctx, account, hash, password, n); err != nil {
		return Identity{}, err
	}
	id := identity(account)
	id.Methods, id.ACR = []string{"pwd"}, PasswordACR
	return id, nil
}

// countAttempt takes a number in the account's bucket before the password is
// looked at, so that attempts made at once cannot all pass, and refuses the
// eleventh in a quarter of an hour. The count is in the store: every process and
// every start of one has the same.
//
// The bucket's name has the account's revision in it. A success raises that
// (settle), so the next attempt finds an empty bucket, and only failures add up.
// A name that no account has gets a bucket of its own, which fills the same way.
func (l *LocalAccounts) countAttempt(ctx context.Context, account store.Account, name string) (int, error) {
	bucket := "account " + account.ID + " " + strconv.FormatInt(account.Revision, 10)
	if account.ID == "" {
		sum := sha256.Sum256([]byte(name))
		bucket = "name " + base64.RawURLEncoding.EncodeToString(sum[:])
	}
	now := l.instant()
	n, err := l.store.Count(ctx, "login account", bucket, now, now.Add(attemptWindow))
	if err != nil {
		return 0, err
	}
	if n > accountAttempts {
		return n, &TooManyAttempts{Wait: attemptWindow}
	}
	return n, nil
}

// settle empties the bucket after a success that was not its first attempt, and
// brings an outdated hash up to date. Losing against another change is no harm:
// whatever it was raised the revision too.
func (l *LocalAccounts) settle(ctx context.Context, account store.Account, hash passwordHash, password string, n int) error {
	if n == 1 && !hash.outdated() {
		return nil
	}
	if hash.outdated() {
		renewed, err := l.hash(ctx, password)
		if errors.Is(err, ErrBusy) {
			renewed = account.PasswordHash // next time
		} else if err != nil {
			return err
		}
		account.PasswordHash = renewed
	}
	err := l.store.ReplaceAccount(ctx, account)
	switch {
	case errors.Is(err, store.ErrNotFound): // deleted this moment
		return ErrCredentials
	case errors.Is(err, store.ErrConflict):
		return nil
	}
	return err
}

func (l *LocalAccounts) hash(ctx context.Context, password string) (hash string, err error) {
	err = l.bench.work(ctx, func() { hash = newPasswordHash(password).String() })
	return hash, err
}

func (l *LocalAccounts) instant() time.Time { return l.now().UTC().Truncate(time.Microsecond) }
