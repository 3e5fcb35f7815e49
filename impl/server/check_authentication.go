package server

import (
	"context"
	"slices"
	"time"
)

// An AuthenticationError is why a request ends without a code when that is not a
// person's decision (OpenID Connect Core §3.1.2.6).
type AuthenticationError string

// The codes.
const (
	LoginRequired               AuthenticationError = "login_required"
	ConsentRequired             AuthenticationError = "consent_required"
	InteractionRequired         AuthenticationError = "interaction_required"
	AccountSelectionRequired    AuthenticationError = "account_selection_required"
	UnmetAuthenticationRequired AuthenticationError = "unmet_authentication_requirements"
)

// description is for the client's developer.
func (e AuthenticationError) description() string {
	switch e {
	case LoginRequired:
		return "the person has to sign in"
	case ConsentRequired:
		return "the person has to be asked"
	case AccountSelectionRequired:
		return "the person has to choose an account"
	case UnmetAuthenticationRequired:
		return "the person cannot be authenticated in the way that is asked for"
	}
	return "a page has to be shown"
}

// Lacks returns why a sign-in does not do for this request, "" where it does: it
// must be of one of the persons that the request wants, recent enough for max_age
// and prompt=login, and of a class that acr demands. The arguments are those of a
// Decision. After LoginRequired the person may sign in again; whatever else it is,
// or where nobody may be asked, the request ends with Server.Fail. Complete gives
// no code for a sign-in that lacks anything. The error is the store's.
func (p *Pending) Lacks(ctx context.Context, subject string, authTime time.Time, acr string) (AuthenticationError, error) {
	unmet := p.parameters.EssentialACR != nil && !slices.Contains(p.parameters.EssentialACR, acr)
	wanted, err := p.Wants(ctx, subject)
	switch {
	case err != nil:
		return "", err
	case p.Names() && !wanted, !p.recent(authTime):
		return LoginRequired, nil
	case unmet && authTime.Before(p.record.CreatedAt): // another sign-in may meet it
		return LoginRequired, nil
	case unmet:
		return UnmetAuthenticationRequired, nil
	}
	return "", nil
}

// WantsRecentSignIn reports whether the client sent prompt=login or max_age, so
// that a sign-in from before it, here or at a provider that people sign in at,
// may not do.
func (p *Pending) WantsRecentSignIn() bool {
	return p.Asks(PromptLogin) || p.parameters.MaxAge != nil
}

// recent reports whether a sign-in is young enough: since the request where that
// asks for one, or else by max_age. What happened since the request is always
// recent, so that max_age=0 can be met.
func (p *Pending) recent(authTime time.Time) bool {
	if !authTime.Before(p.record.CreatedAt) {
		return true
	}
	if p.Asks(PromptLogin) {
		return false
	}
	age := p.parameters.MaxAge
	return age == nil || p.server.now().Sub(authTime) <= time.Duration(*age)*time.Second
}
