package interact

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAccountName is in bytes; store.Account.Name holds as much.
const maxAccountName = 255

// accountName returns the form of a typed name that accounts are kept under:
// without the space around it, which phones add, and otherwise byte by byte.
// Letter case counts: folding it would make one account of two that differ in
// more than that in somebody's language.
func accountName(typed string) string { return strings.TrimSpace(typed) }

// checkAccountName refuses names with characters that cannot be seen or that
// people read as others: only letters, digits, marks, punctuation, symbols and
// plain spaces are taken, and no full-width or mathematical letters. Letters of
// different scripts that look alike are not told apart here: an operator makes
// these accounts. checkChosenName holds people to more.
func checkAccountName(name string) error {
	if name == "" || len(name) > maxAccountName || !utf8.ValidString(name) {
		return errors.New("an account name is 1 to 255 bytes of UTF-8")
	}
	for _, r := range name {
		switch {
		case r == ' ':
		case !unicode.IsGraphic(r) || unicode.IsSpace(r), unicode.Is(unicode.Cf, r):
			return errors.New("an account name may not have control, format or unusual space characters")
		case 0xff00 <= r && r <= 0xffef || 0x1d400 <= r && r <= 0x1d7ff:
			return errors.New("an account name may not have full-width, half-width or mathematical letters")
		}
	}
	return nil
}
