package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// terms are what the policy can set beside narrowing the decision.
type terms struct {
	accessToken, refresh time.Duration
	accessProps          *mint.Props // nil: the decision's
}

// askPolicy lets the embedding program's Policy narrow, enrich or refuse a
// decision. What it returns is held against what was decided: a policy that
// widens is a defect of the program, and nothing is issued.
func (s *Server) askPolicy(ctx context.Context, d *decision) (terms, error) {
	t := terms{accessToken: s.cfg.Lifetimes.AccessToken, refresh: s.cfg.Lifetimes.RefreshToken}
	if s.cfg.Policy == nil {
		return t, nil
	}
	props, err := d.props.Open(d.grant)
	if err != nil {
		return t, fmt.Errorf("props of grant %s: %w", d.grant.ID, err)
	}
	i := Issue{
		GrantType:    d.request.Form.GrantType,
		ClientID:     d.request.client.id,
		Grant:        copyOf(d.grant),
		Scopes:       slices.Clone(d.scopes),
		Resources:    slices.Clone(d.resources),
		Props:        slices.Clone(props),
		AccessToken:  t.accessToken,
		Refresh:      t.refresh,
		RefreshToken: d.refresh,
	}
	if err := s.cfg.Policy(ctx, &i); err != nil {
		return t, s.policyRefused(ctx, d, i.RevokeGrant, err)
	}
	if err := checkNarrowed(i, d, t); err != nil {
		return t, err
	}
	d.scopes, d.resources, d.refresh = i.Scopes, i.Resources, i.RefreshToken
	if !bytes.Equal(i.Props, props) {
		d.props = mint.OwnProps(i.Props)
	}
	t.accessToken, t.refresh = i.AccessToken, i.Refresh
	if i.AccessTokenProps != nil {
		own := mint.OwnProps(i.AccessTokenProps)
		t.accessProps = &own
	}
	return t, nil
}

// checkNarrowed reports every way in which a policy went beyond the decision.
func checkNarrowed(i Issue, d *decision, t terms) error {
	var faults []error
	fault := func(bad bool, text string) {
		if bad {
			faults = append(faults, errors.New("policy: "+text))
		}
	}
	fault(!oauth.Scope(i.Scopes).SubsetOf(d.scopes), "Scopes were widened")
	fault(len(i.Resources) == 0, "Resources were emptied")
	fault(!oauth.Scope(i.Resources).SubsetOf(d.resources), "Resources were widened")
	fault(i.AccessToken < time.Second || i.AccessToken > t.accessToken, "AccessToken must be between a second and the configured lifetime")
	fault(i.Refresh < time.Second || i.Refresh > t.refresh, "Refresh must be between a second and the configured lifetime")
	fault(i.RefreshToken && !d.refresh, "RefreshToken cannot be set where none would be issued")
	for _, props := range []json.RawMessage{i.Props, i.AccessTokenProps} {
		fault(len(props) > maxProps || props != nil && !json.Valid(props), fmt.Sprintf("props must be JSON of at most %d bytes", maxProps))
	}
	return errors.Join(faults...)
}

// policyRefused revokes the grant where the policy asks for it. A grant that does
// not exist yet needs none.
func (s *Server) policyRefused(ctx context.Context, d *decision, revoke bool, refusal error) error {
	if revoke && d.spends != nil {
		if err := s.endGrant(ctx, d.grant.ID); err != nil {
			return err
		}
		s.emit(ctx, s.tokenEvent(d.request, d.spends.row, "grant_revoked_by_policy"))
	}
	return fmt.Errorf("policy: %w", refusal)
}

// copyOf returns a grant that the policy can do with as it likes. The sealed
// props are not in it: Issue.Props are the open ones.
func copyOf(g store.Grant) store.Grant {
	g.Scopes, g.Resources = slices.Clone(g.Scopes), slices.Clone(g.Resources)
	g.Metadata, g.Props = slices.Clone(g.Metadata), nil
	return g
}
