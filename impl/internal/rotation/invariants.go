package rotation

import "errors"

// The invariants, by their names in the reliability requirements.
var (
	errTwoLeaves    = errors.New("REL-I4: the chain has two tokens that are good")
	errReuseServed  = errors.New("REL-I4: whoever came with a spent token got tokens")
	errReuseLives   = errors.New("REL-I4: a spent token was refused, and the grant lives")
	errRevokedLives = errors.New("REL-I3: tokens were given after a revocation was answered")
	errNotRevoked   = errors.New("REL-I3: a revocation was answered, and the grant lives")
	errNotThere     = errors.New("REL-I2: a token was given that the store does not have")
	errLostSession  = errors.New("an honest client inside the grace period was refused")
)

// check is what holds in every state.
func (s *state) check() error {
	if s.store.leaves() > 1 {
		return errTwoLeaves
	}
	return nil
}

// judge is what holds of every answer, whether it arrives or is lost.
func (s *state) judge(r request) error {
	switch {
	case r.done && !s.store.revoked:
		return errNotRevoked
	case r.done:
		return nil
	case r.tells != none && r.tells >= s.store.issued:
		return errNotThere
	case r.tells != none && r.afterRevocation:
		return errRevokedLives
	case r.tells != none && r.reuse:
		return errReuseServed
	case r.tells == none && r.reuse && !s.store.revoked:
		return errReuseLives
	case r.tells == none && s.honest(r):
		return errLostSession
	}
	return nil
}

// honest reports whether nobody but the owner ever had a token, and the owner did
// what it may: a refresh in time, of a grant that nobody revoked.
func (s *state) honest(r request) bool {
	return s.thief == 0 && !s.slow && !s.revocationAsked && !r.reuse && !s.store.tokens[r.token].late
}
