package server

import (
	"context"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// Grants lists what a person allowed and still holds, ordered by identifier,
// behind after, at most limit (1 to 1000) at a time.
func (s *Server) Grants(ctx context.Context, subject, after string, limit int) ([]store.Grant, error) {
	limit = min(max(limit, 1), 1000)
	var live []store.Grant
	for {
		page, err := s.store.Grants(ctx, store.GrantFilter{Subject: subject}, s.now(), after, limit)
		if err != nil {
			return nil, err
		}
		for _, g := range page {
			if !s.Revived(g.CreatedAt) && len(live) < limit {
				live = append(live, g)
			}
		}
		if len(live) == limit || len(page) < limit {
			return live, nil
		}
		after = page[limit-1].ID
	}
}

// RevokeGrant takes back what a person allowed: every token under the grant is
// dead when it returns nil. A grant that is unknown, revoked or somebody else's
// gives the same *oauth.Error invalid_request.
func (s *Server) RevokeGrant(ctx context.Context, subject, grantID string) error {
	if subject == "" || grantID == "" {
		return oauth.InvalidRequest("grant_unknown", "there is no such grant")
	}
	n, err := s.store.RevokeGrants(ctx, store.GrantFilter{ID: grantID, Subject: subject}, s.now())
	if err != nil {
		return err
	}
	if n == 0 {
		return oauth.InvalidRequest("grant_unknown", "there is no such grant")
	}
	s.emit(ctx, store.Event{Reason: "grant_revoked", Subject: subject, GrantID: grantID})
	return nil
}
