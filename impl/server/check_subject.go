package server

import (
	"slices"

	"github.com/charterauth/charter/impl/oauth"
)

// wantedSubjects returns the persons of whom one must sign in: whom id_token_hint
// names, and those of the sub claim that is asked for (OpenID Connect Core
// §3.1.2.2). nil is anybody. Two that are not the same can be met by nobody.
func wantedSubjects(hint string, asked []string) ([]string, error) {
	switch {
	case hint == "":
		return asked, nil
	case asked != nil && !slices.Contains(asked, hint):
		return nil, oauth.NewError(string(LoginRequired), "subjects_contradict", "id_token_hint names another person than claims")
	}
	return []string{hint}, nil
}
