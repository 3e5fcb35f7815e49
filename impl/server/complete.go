package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// A Decision is what a person allowed.
type Decision struct {
	// Subject is the person: an identifier that is never used again for
	// somebody else, 1 to 255 bytes of UTF-8; with scope openid of ASCII, unless
	// the client's subjects are pairwise.
	Subject string
	// AuthTime is when they authenticated. With scope openid it is required.
	AuthTime time.Time
	// Methods are how they authenticated (amr), in RFC 8176 values; nil: not told.
	Methods []string
	// ACR is the authentication context class of that; "": none.
	ACR string
	// SessionID names the browser's session, safe to show (sid), and used for one
	// sign-in only; "": none. Server.EndSession ends what was granted in it.
	SessionID string
	// SessionExpiresAt is when that session ends at the latest. Until then clients
	// that want to be told of its end are remembered; zero: as long as they have
	// tokens.
	SessionExpiresAt time.Time
	// Scopes is the part of Pending.Scopes that was allowed. nil: all of it.
	Scopes []string
	// Props is the application's data: sealed in the grant, opened only by a
	// token, given to the Policy and to protected handlers. nil: none.
	Props json.RawMessage
	// Metadata is the application's data that may be read with the grant, a
	// JSON object. nil: none.
	Metadata json.RawMessage
}

// maxProps bounds what an application can attach to a grant, in bytes.
const maxProps = 64 << 10

// Complete ends a request with a person's consent and returns the response that
// their browser takes to the client, with a code (RFC 6749 §4.1.2). Of any number
// of calls, and of Deny and Fail, for one request exactly one succeeds; the others
// get *oauth.Error invalid_request. A Decision beyond what was asked is an error
// that changes nothing. For a sign-in that the request does not accept the client
// gets an error instead of a code.
func (s *Server) Complete(ctx context.Context, p *Pending, d Decision) (Response, error) {
	if err := errors.Join(p.of(s), d.check()); err != nil {
		return Response{}, err
	}
	scopes, err := d.allowed(p.parameters.Scopes)
	if err != nil {
		return Response{}, err
	}
	if err := s.checkIdentity(p.client, d, scopes); err != nil {
		return Response{}, err
	}
	why, err := p.Lacks(ctx, d.Subject, d.AuthTime, d.ACR)
	if err != nil {
		return Response{}, err
	}
	if why != "" {
		return s.Fail(ctx, p, why)
	}
	if err := s.checkWaiting(p.record); err != nil {
		return Response{}, err
	}
	code := seal.NewToken(seal.PrefixAuthorizationCode)
	grant, token, err := s.grantAndCode(p, d, scopes, code)
	if err != nil {
		return Response{}, err
	}
	if err := s.answer(ctx, p, &grant, token); err != nil {
		return Response{}, err
	}
	s.emit(ctx, store.Event{Reason: "grant_created", ClientID: grant.ClientID, Subject: grant.Subject, GrantID: grant.ID})
	target := p.target()
	if target.clientID != "" && !d.AuthTime.Before(p.record.CreatedAt) {
		target.userAgent = s.newUserAgentState() // the person signed in for this request
	}
	return target.success(code), nil
}

func (d Decision) check() error {
	switch {
	case d.Subject == "" || len(d.Subject) > 255 || !utf8.ValidString(d.Subject) || strings.IndexByte(d.Subject, 0) >= 0:
		return errors.New("Decision.Subject must be 1 to 255 bytes of UTF-8 without NUL")
	case len(d.Props) > maxProps || d.Props != nil && !json.Valid(d.Props):
		return fmt.Errorf("Decision.Props must be JSON of at most %d bytes", maxProps)
	case len(d.Metadata) > maxProps || d.Metadata != nil && !isObject(d.Metadata):
		return fmt.Errorf("Decision.Metadata must be a JSON object of at most %d bytes", maxProps)
	case len(d.SessionID) > 64 || len(d.ACR) > 255 || len(d.Methods) > 16:
		return errors.New("Decision.SessionID is at most 64 bytes, ACR 255, and Methods are at most 16")
	}
	return nil
}

// checkIdentity holds a decision that an ID Token is made of to OpenID Connect Core
// §2. A pairwise subject is computed, and ASCII in any case.
func (s *Server) checkIdentity(c *registered, d Decision, scopes []string) error {
	switch {
	case !slices.Contains(scopes, openID) || !s.cfg.openIDProvider():
		return nil
	case d.AuthTime.IsZero():
		return errors.New("Decision.AuthTime is required with scope openid")
	case !c.metadata.Pairwise() && strings.ContainsFunc(d.Subject, func(r rune) bool { return r > unicode.MaxASCII }):
		return errors.New("Decision.Subject must be ASCII with scope openid")
	}
	return nil
}

func isObject(document json.RawMessage) bool {
	return json.Valid(document) && bytes.HasPrefix(bytes.TrimLeft(document, " \t\r\n"), []byte("{"))
}

// allowed returns the part of the scopes asked for that was allowed, each value
// once and in the order of the request.
func (d Decision) allowed(asked []string) ([]string, error) {
	if d.Scopes == nil {
		return asked, nil
	}
	for _, value := range d.Scopes {
		if !slices.Contains(asked, value) {
			return nil, errors.New("Decision.Scopes has a value that was not asked for")
		}
	}
	return slices.DeleteFunc(slices.Clone(asked), func(value string) bool { return !slices.Contains(d.Scopes, value) }), nil
}

// grantAndCode makes the records of a consent. The grant may be swept as soon as
// the code is worthless; redeeming the code extends it.
func (s *Server) grantAndCode(p *Pending, d Decision, scopes []string, code string) (store.Grant, store.Token, error) {
	now := s.now()
	parameters, err := json.Marshal(codeParameters{
		RedirectURI:     p.parameters.RedirectURI,
		RedirectURISent: p.parameters.RedirectURISent,
		CodeChallenge:   p.parameters.CodeChallenge,
		Nonce:           p.parameters.Nonce,
	})
	if err != nil {
		return store.Grant{}, store.Token{}, err
	}
	of := grantParameters{
		ACR: d.ACR, AMR: d.Methods, ClaimsLocales: p.parameters.ClaimsLocales,
		Claims: p.parameters.Claims.without(p.parameters.Scopes, scopes),
	}
	if m := p.client.metadata; slices.Contains(scopes, openID) && (m.BackchannelLogoutURI != "" || m.FrontchannelLogoutURI != "") {
		of.SessionExpiresAt = d.SessionExpiresAt.UTC().Truncate(time.Second)
	}
	ofGrant, err := of.document()
	if err != nil {
		return store.Grant{}, store.Token{}, err
	}
	grant := store.Grant{
		ID: randomID(), Issuer: s.cfg.Issuer, Subject: d.Subject, ClientID: p.client.id,
		Scopes: scopes, Resources: p.parameters.Resources, RedirectURI: p.parameters.RedirectURI,
		SessionID: d.SessionID, Parameters: ofGrant, Metadata: d.Metadata, AuthTime: d.AuthTime.UTC().Truncate(time.Microsecond),
		CreatedAt: now, ExpiresAt: now.Add(s.cfg.Lifetimes.AuthorizationCode),
	}
	token := store.Token{
		Digest: store.NewDigest(store.AuthorizationCode, code), Kind: store.AuthorizationCode,
		GrantID: grant.ID, ClientID: grant.ClientID, Scopes: scopes, Resources: grant.Resources,
		Parameters: parameters, CreatedAt: now, ExpiresAt: grant.ExpiresAt,
	}
	var props mint.Props
	grant.Props, props = mint.SealGrantProps(grant.ID, d.Props)
	if token.WrappedKey, err = props.WrapKey(code, token); err != nil {
		return store.Grant{}, store.Token{}, err
	}
	return grant, token, nil
}

// codeParameters is what redeeming a code needs beyond its grant.
type codeParameters struct {
	RedirectURI     string `json:"redirect_uri"`
	RedirectURISent bool   `json:"redirect_uri_sent,omitempty"`
	CodeChallenge   string `json:"code_challenge,omitempty"`
	Nonce           string `json:"nonce,omitempty"`
}

// answer spends the request, once.
func (s *Server) answer(ctx context.Context, p *Pending, grant *store.Grant, tokens ...store.Token) error {
	err := s.store.ConsumeToken(ctx, store.Consumption{Token: p.record.Digest, At: s.now(), Grant: grant, Successors: tokens})
	switch {
	case errors.Is(err, store.ErrConsumed):
		return oauth.InvalidRequest("request_answered", "this sign-in was finished before; go back to the application")
	case errors.Is(err, store.ErrNotFound):
		return oauth.InvalidRequest("request_expired", "this sign-in took too long; go back to the application and start again")
	}
	return err
}
