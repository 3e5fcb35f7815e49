package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/store"
)

// refreshAgain answers for a refresh token that was used before.
//
// A client whose answer was lost, or two processes of it at the same moment, send
// it again shortly after: they get the same successor, as long as nobody has used
// that one. So there is never a second chain of tokens, and an honest client
// never loses its session. Anything else is reuse: one of two bearers is not the
// client, and the grant ends (RFC 9700 §4.14.2).
func (s *Server) refreshAgain(ctx context.Context, r tokenRequest, used *spending, grant store.Grant) (mint.Reply, error) {
	if !grant.RevokedAt.IsZero() {
		return mint.Reply{}, errRefreshToken("refresh_revoked")
	}
	retry, err := s.isRetry(ctx, used)
	if err != nil {
		return mint.Reply{}, err
	}
	if !retry {
		return mint.Reply{}, s.refreshReused(ctx, r, used)
	}
	if !s.live(grant) {
		return mint.Reply{}, errRefreshToken("refresh_expired")
	}
	reply, err := mint.OpenReply(used.token, used.row)
	if err != nil {
		return mint.Reply{}, fmt.Errorf("kept reply of a refresh under grant %s: %w", grant.ID, err)
	}
	// The kept token may be for other resources or wider than what is asked now,
	// and no second one may be made. This is the client's mistake, not theft.
	if reply.Asked.Scope != used.asked.Scope || !slices.Equal(reply.Asked.Resources, used.asked.Resources) {
		return mint.Reply{}, errRefreshToken("refresh_retry_differs")
	}
	return reply, nil
}

// isRetry reports whether a used token is inside its grace period and its
// successor unused.
func (s *Server) isRetry(ctx context.Context, used *spending) (bool, error) {
	if used.row.Reply == nil || !s.now().Before(used.row.ConsumedAt.Add(s.cfg.Lifetimes.RefreshRetry)) {
		return false, nil
	}
	if used.row.Successor.IsZero() {
		return true, nil // policy gave no successor that could have been used
	}
	successor, _, err := s.store.Token(ctx, used.row.Successor)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return successor.ConsumedAt.IsZero(), err
}

// refreshReused ends the grant, for the thief and the client alike: nobody can
// tell them apart.
func (s *Server) refreshReused(ctx context.Context, r tokenRequest, used *spending) error {
	if err := s.endGrant(ctx, used.row.GrantID); err != nil {
		return err
	}
	s.emit(ctx, s.tokenEvent(r, used.row, "refresh_reuse_detected"))
	return errRefreshToken("refresh_reuse_detected")
}

// askedBy is what a retry must ask for again, as it was sent.
func askedBy(r tokenRequest) mint.Asked {
	return mint.Asked{Scope: r.Form.Scope, Resources: r.Form.Resource}
}
