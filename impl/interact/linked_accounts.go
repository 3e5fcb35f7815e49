package interact

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// LinkedAccounts are the people who signed in at an upstream provider, each with
// an account of their own in a Store: its subject is ours, so clients learn
// nothing of the provider, and an operator can disable it like any other. It is
// safe for concurrent use, and any number of processes may have one over the same
// store.
type LinkedAccounts struct {
	store store.Store
	now   func() time.Time
}

// NewLinkedAccounts returns the accounts of st.
func NewLinkedAccounts(st store.Store) *LinkedAccounts {
	return &LinkedAccounts{store: st, now: time.Now}
}

var _ Accounts = (*LinkedAccounts)(nil)

// Authenticate implements Accounts: nobody has a password here.
func (l *LinkedAccounts) Authenticate(context.Context, string, string) (Identity, error) {
	return Identity{}, ErrCredentials
}

// Account implements Accounts.
func (l *LinkedAccounts) Account(ctx context.Context, subject string) (Identity, error) {
	account, err := l.store.Account(ctx, subject)
	if errors.Is(err, store.ErrNotFound) || err == nil && !account.DisabledAt.IsZero() {
		return Identity{}, ErrNoAccount
	}
	if err != nil {
		return Identity{}, err
	}
	return linkedIdentity(account), nil
}

// Link returns the account of who has subject at issuer, and makes it when they
// come for the first time. A person is known by this pair alone: the provider may
// give a name or a mail address to somebody else (OpenID Connect Core §5.7).
// claims are what the provider told, a JSON object or nil; of them are kept the
// claims of OpenID Connect Core §5.1 whose type is right. Errors: ErrNoAccount
// when the account is disabled, and those of the store.
func (l *LinkedAccounts) Link(ctx context.Context, issuer, subject string, claims json.RawMessage) (Identity, error) {
	name := linkName(issuer, subject)
	for {
		account, err := l.store.AccountByName(ctx, name)
		switch {
		case errors.Is(err, store.ErrNotFound):
			now := l.now().UTC().Truncate(time.Microsecond)
			account = store.Account{ID: newSubject(), Name: name, CreatedAt: now, UpdatedAt: now}
		case err != nil:
			return Identity{}, err
		case !account.DisabledAt.IsZero():
			return Identity{}, ErrNoAccount
		}
		told := keptClaims(claims)
		if account.Revision > 0 && string(told) == string(account.Claims) {
			return linkedIdentity(account), nil
		}
		account.Claims = told
		// A conflict is the same person in another tab: what it left is read again.
		if err := l.store.ReplaceAccount(ctx, account); !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound) {
			return linkedIdentity(account), err
		}
	}
}

// linkName is the name of an account: readable for operators where it fits. An
// issuer has no space (OpenID Connect Discovery §3), so no two pairs have one
// name; a local account's name has none at its ends and is no URL.
func linkName(issuer, subject string) string {
	name := issuer + " " + subject
	if len(name) <= maxAccountName && store.Text("account", name) == nil {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "upstream " + base64.RawURLEncoding.EncodeToString(sum[:])
}

// keptClaims returns the claims of §5.1 in claims whose JSON type is right: what
// should be a boolean and is the text "true" is not kept, and so is not true.
func keptClaims(claims json.RawMessage) json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal(claims, &all) != nil {
		return nil
	}
	kept := map[string]json.RawMessage{}
	for name, value := range all {
		one := map[string]json.RawMessage{name: value}
		if standardClaim(name) && checkClaims(one) == nil {
			kept[name] = value
		}
	}
	if len(kept) == 0 {
		return nil
	}
	out, err := json.Marshal(kept) // sorted: the same claims are the same bytes
	if err != nil || len(out) > maxClaims {
		return nil
	}
	return out
}

func linkedIdentity(a store.Account) Identity {
	var told struct {
		PreferredUsername string `json:"preferred_username"`
		Email             string `json:"email"`
		Name              string `json:"name"`
	}
	_ = json.Unmarshal(a.Claims, &told) // keptClaims made them
	return Identity{Subject: a.ID, Name: cmp.Or(told.Email, told.PreferredUsername, told.Name, a.Name), Claims: a.Claims, ValidSince: validSince(a)}
}
