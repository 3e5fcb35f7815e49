package interact

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charterauth/charter/impl/store"
)

// ErrNameTaken: another account has the name that somebody chose.
var ErrNameTaken = errors.New("interact: the account name is taken")

// An UnusableError is a name or a password that nobody may choose.
type UnusableError struct {
	Problem string // a sentence that the person is shown
}

// Error implements error.
func (e *UnusableError) Error() string { return "interact: " + e.Problem }

// SignUp makes an account for who chose its name and password, and returns them as
// Authenticate does: a function for Config.SignUp. The errors are those that it
// understands.
//
// Names that people choose for themselves are held to more than those of Add:
// lower case and the letters of one script, so that nobody is "Alice" beside
// "alice", or beside an Alice with a Cyrillic letter in it. Whole names that look
// alike in two scripts are not told apart.
func (l *LocalAccounts) SignUp(ctx context.Context, name, password string) (Identity, error) {
	if err := checkChosenName(accountName(name)); err != nil {
		return Identity{}, err
	}
	if utf8.RuneCountInString(password) < minPassword {
		return Identity{}, &UnusableError{fmt.Sprintf("The password is too short: it needs at least %d characters.", minPassword)}
	}
	account, err := l.add(ctx, name, password)
	if errors.Is(err, store.ErrConflict) {
		return Identity{}, ErrNameTaken
	}
	if err != nil {
		return Identity{}, err
	}
	id := identity(account)
	id.Methods, id.ACR = []string{"pwd"}, PasswordACR
	return id, nil
}

func checkChosenName(name string) error {
	if checkAccountName(name) != nil {
		return &UnusableError{"This user name cannot be used. Use letters, digits, spaces and punctuation, at most 255 bytes."}
	}
	if strings.ToLower(name) != name {
		return &UnusableError{"Use lower-case letters in the user name."}
	}
	script := ""
	for _, r := range name {
		s := scriptOf(r)
		if s == "" {
			continue
		}
		if script != "" && s != script {
			return &UnusableError{"Use letters of one script in the user name."}
		}
		script = s
	}
	return nil
}

// scriptOf returns the script of a letter, "" for what is of none or of any. Those
// that Chinese, Japanese and Korean mix count as one (UTS #39 §5.1).
func scriptOf(r rune) string {
	if r < 0x80 && !unicode.IsLetter(r) || unicode.In(r, unicode.Common, unicode.Inherited) {
		return ""
	}
	if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul) {
		return "Han"
	}
	for script, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return script
		}
	}
	return "unknown"
}
