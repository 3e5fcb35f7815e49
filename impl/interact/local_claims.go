package interact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"

	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/store"
)

// maxClaims bounds the claims of one account, in bytes.
const maxClaims = 16 << 10

// SetClaims replaces what clients may be told of an account: a JSON object with
// the claims of OpenID Connect Core §5.1 and any others, or nil for none. Names
// with language tags are kept (§5.2). preferred_username is the account's name
// and updated_at is now where the object does not say. The sessions of the
// account stay. Errors: ErrNoAccount, and a text for everything that is wrong
// with the claims.
func (l *LocalAccounts) SetClaims(ctx context.Context, name string, claims json.RawMessage) error {
	claims, err := l.checkedClaims(claims)
	if err != nil {
		return err
	}
	for {
		account, err := l.store.AccountByName(ctx, accountName(name))
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoAccount
		}
		if err != nil {
			return err
		}
		account.Claims = claims
		// UpdatedAt stays: it voids sessions, and nothing about signing in changed.
		if err = l.store.ReplaceAccount(ctx, account); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// checkedClaims returns claims as they are stored, with updated_at.
func (l *LocalAccounts) checkedClaims(claims json.RawMessage) (json.RawMessage, error) {
	if claims == nil {
		return nil, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(claims, &all); err != nil || all == nil {
		return nil, errors.New("claims are a JSON object")
	}
	if err := checkClaims(all); err != nil {
		return nil, err
	}
	if _, ok := all["updated_at"]; !ok {
		all["updated_at"], _ = json.Marshal(l.instant().Unix()) // a number always marshals
	}
	stored, err := json.Marshal(all)
	if err == nil && len(stored) > maxClaims {
		err = fmt.Errorf("claims are at most %d bytes", maxClaims)
	}
	return stored, err
}

// localClaims returns the claims of an account.
func localClaims(a store.Account) (json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	if a.Claims != nil {
		if err := json.Unmarshal(a.Claims, &all); err != nil {
			return nil, fmt.Errorf("claims of account %s: %w", a.ID, err)
		}
	}
	for name, value := range map[string]any{"preferred_username": a.Name, "updated_at": a.UpdatedAt.Unix()} {
		if _, ok := all[name]; ok {
			continue
		}
		b, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		all[name] = b
	}
	return json.Marshal(all)
}

// kinds are the JSON types of the claims of OpenID Connect Core §5.1
// that are no strings.
var kinds = map[string]string{
	"email_verified": "boolean", "phone_number_verified": "boolean", "updated_at": "number", "address": "object",
}

// textClaims are those of OpenID Connect Core §5.1 that are strings.
const textClaims = " name given_name family_name middle_name nickname preferred_username profile picture website email gender birthdate zoneinfo locale phone_number "

// standardClaim reports whether name is of OpenID Connect Core §5.1.
func standardClaim(name string) bool {
	return kinds[name] != "" || strings.Contains(textClaims, " "+name+" ")
}

// phoneNumber is E.164, with or without an RFC 3966 extension (§5.1).
var phoneNumber = regexp.MustCompile(`^\+[1-9][0-9]{1,14}(;ext=[0-9]{1,15})?$`)

// checkClaims reports everything in which the claims that the standard names are
// not what it says, and names that are the protocol's.
func checkClaims(all map[string]json.RawMessage) error {
	var problems []error
	lower := map[string]bool{}
	for name, value := range all {
		base, _, _ := strings.Cut(name, "#")
		want := kinds[base]
		if strings.Contains(textClaims, " "+base+" ") {
			want = "string"
		}
		switch {
		case name == "" || lower[strings.ToLower(name)]:
			problems = append(problems, fmt.Errorf("claim %q is there twice, in another letter case, or has no name", name))
		case mint.ProtocolClaim(base):
			problems = append(problems, fmt.Errorf("claim %q is the server's to make", name))
		case want != "" && kindOf(value) != want:
			problems = append(problems, fmt.Errorf("claim %q must be a %s", name, want))
		}
		lower[strings.ToLower(name)] = true
	}
	problems = append(problems, checkEmail(all["email"]), checkPhone(all))
	return errors.Join(problems...)
}

func kindOf(value json.RawMessage) string {
	switch value[0] { // a RawMessage of a valid document is never empty
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// checkEmail wants an addr-spec of RFC 5322 (§5.1): no name, no angle brackets.
func checkEmail(value json.RawMessage) error {
	var email string
	if value == nil || json.Unmarshal(value, &email) != nil {
		return nil
	}
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email {
		return fmt.Errorf("email %q is no address", email)
	}
	return nil
}

// checkPhone wants E.164 of a number that is said to be verified (§5.1).
func checkPhone(all map[string]json.RawMessage) error {
	var number string
	if string(all["phone_number_verified"]) != "true" || json.Unmarshal(all["phone_number"], &number) != nil {
		return nil
	}
	if !phoneNumber.MatchString(number) {
		return fmt.Errorf("phone_number %q is verified but not in E.164, as +15550100", number)
	}
	return nil
}
