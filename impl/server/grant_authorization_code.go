package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/pkce"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// AuthorizationCode decides on redeeming a code (RFC 6749 §4.1.3, RFC 7636 §4.6).
//
// A request that fails any check changes nothing: the code stays good for who
// holds its verifier. Only a request that would have succeeded, but for the code
// being spent, is a replay and ends the grant (OAuth 2.1 §4.1.3, §7.5.2); so
// whoever finds a code in a log can neither use it nor end the login.
func (s tokenGrants) AuthorizationCode(ctx context.Context, r tokenRequest) (decision, error) {
	if r.Form.CodeVerifier == "" && !r.client.pkceExempt() {
		return decision{}, oauth.InvalidRequest("verifier_missing", "code_verifier is required")
	}
	code, grant, err := s.lookupCode(ctx, r)
	if err != nil {
		return decision{}, err
	}
	asked, err := checkCodeProof(r, code)
	if err != nil {
		return decision{}, err
	}
	if !code.ConsumedAt.IsZero() {
		return decision{}, s.codeReplayed(ctx, r, code)
	}
	if expired(code.ExpiresAt, s.now()) || !s.live(grant) {
		return decision{}, errCode("code_expired")
	}
	resources, err := s.narrowResources(grant.Resources, r.Form.Resource)
	if err != nil {
		return decision{}, err
	}
	props, err := mint.PresentedProps(r.Form.Code, code)
	if err != nil {
		return decision{}, fmt.Errorf("props of grant %s: %w", grant.ID, err)
	}
	return decision{
		request:   r,
		grant:     grant,
		scopes:    s.scopes.limit(grant.Scopes, resources),
		resources: resources,
		refresh:   s.issuesRefreshToken(r.client.metadata, grant.Scopes),
		props:     props,
		nonce:     asked.Nonce,
		spends:    &spending{token: r.Form.Code, row: code},
	}, nil
}

// errCode is the one answer for a code that is not good (RFC 6749 §5.2).
func errCode(reason string) error {
	return oauth.InvalidGrant(reason, "the authorization code is not good: unknown, expired, used, or of another request")
}

// lookupCode finds the code and sees that it was issued to this client.
func (s *Server) lookupCode(ctx context.Context, r tokenRequest) (store.Token, store.Grant, error) {
	if !seal.WellFormed(seal.PrefixAuthorizationCode, r.Form.Code) {
		return store.Token{}, store.Grant{}, errCode("code_malformed")
	}
	code, grant, err := s.store.Token(ctx, store.NewDigest(store.AuthorizationCode, r.Form.Code))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Token{}, store.Grant{}, errCode("code_unknown")
	case err != nil:
		return store.Token{}, store.Grant{}, err
	case code.Kind != store.AuthorizationCode || !s.holds(grant, code):
		return store.Token{}, store.Grant{}, errCode("code_unknown")
	case code.ClientID != r.client.id || grant.ClientID != r.client.id:
		s.emit(ctx, s.foreignToken(r, code, "code_foreign"))
		return store.Token{}, store.Grant{}, errCode("code_foreign")
	}
	return code, grant, nil
}

// checkCodeProof compares what only the client that asked for the code knows, and
// returns what was asked.
func checkCodeProof(r tokenRequest, code store.Token) (codeParameters, error) {
	var asked codeParameters
	if err := json.Unmarshal(code.Parameters, &asked); err != nil {
		return asked, fmt.Errorf("parameters of a stored code: %w", err)
	}
	if err := checkCodeRedirectURI(r.Form.RedirectURI, asked); err != nil {
		return asked, err
	}
	verifier := r.Form.CodeVerifier
	switch {
	// RFC 9700 §2.1.1: who strips the challenge from the authorization request
	// must not get to use the code. OAuth 2.1 §3.2.4 has a code for what it shows.
	case asked.CodeChallenge == "" && verifier != "":
		return asked, oauth.InvalidRequest("verifier_unasked", "code_verifier was sent, but no code_challenge was in the authorization request")
	case asked.CodeChallenge == "" && !r.client.pkceExempt():
		return asked, errCode("challenge_missing")
	case asked.CodeChallenge == "":
		return asked, nil
	case !pkce.Verify(asked.CodeChallenge, pkce.S256, verifier):
		return asked, errCode("verifier_wrong")
	}
	return asked, nil
}

// checkCodeRedirectURI compares bytes. OAuth 2.1 §10.2 does not ask for the
// parameter, since PKCE binds the code; an OAuth 2.0 client sends it, and one
// without PKCE must, if it sent it before (RFC 6749 §4.1.3).
func checkCodeRedirectURI(sent string, asked codeParameters) error {
	if sent == "" && (asked.CodeChallenge != "" || !asked.RedirectURISent) {
		return nil
	}
	if sent != asked.RedirectURI {
		return errCode("redirect_uri_differs")
	}
	return nil
}

// codeReplayed ends the grant of a code that was redeemed twice (RFC 6749
// §4.1.2): one of the two was not the client.
func (s *Server) codeReplayed(ctx context.Context, r tokenRequest, code store.Token) error {
	if err := s.endGrant(ctx, code.GrantID); err != nil {
		return err
	}
	s.emit(ctx, s.tokenEvent(r, code, "code_replayed"))
	return errCode("code_replayed")
}
