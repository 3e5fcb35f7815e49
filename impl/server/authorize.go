package server

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// Authorize is the authorization endpoint (RFC 6749 §3.1).
func (s protocol) Authorize(ctx context.Context, in *gen.AuthorizeInput) (gen.AuthorizeOutput, error) {
	first, err := s.authorize(ctx, in.HTTP, in.Query, in.Problem)
	if err != nil {
		return nil, err
	}
	return &gen.Authorize303{Location: first.location, SetCookie: first.cookies}, nil
}

// AuthorizePost is the authorization endpoint for requests that are sent as a
// form (RFC 6749 §3.1).
func (s protocol) AuthorizePost(ctx context.Context, in *gen.AuthorizePostInput) (gen.AuthorizePostOutput, error) {
	first, err := s.authorize(ctx, in.HTTP, in.Form, in.Problem)
	if err != nil {
		return nil, err
	}
	return &gen.AuthorizePost303{Location: first.location, SetCookie: first.cookies}, nil
}

// A firstPage is where the browser goes with a valid authorization request.
type firstPage struct {
	location string
	cookies  []string
}

// authorize checks an authorization request in the order of RFC 6749 §4.1.1 and
// puts it before a person. Until the redirect URI is known to be the client's,
// an error is a page; from then on it goes to the client (§4.1.2.1). No check
// changes anything: the request is stored when all have passed.
func (s *Server) authorize(ctx context.Context, r *http.Request, q gen.AuthorizationRequest, problem *gen.Problem) (firstPage, error) {
	if err := s.checkVisit(r); err != nil {
		return firstPage{}, err
	}
	c, err := s.checkClient(ctx, q, problem)
	if err != nil {
		return firstPage{}, err
	}
	q, problem, refused := s.checkRequestObject(ctx, c, q, problem)
	target, err := s.checkRedirectURI(c, q, problem)
	if err != nil {
		return firstPage{}, cmp.Or(refused, err)
	}
	if s.cfg.openIDProvider() {
		target = target.withSessionState(c.id, strings.Fields(q.Scope), s.userAgentState(r))
	}
	if refused != nil {
		return firstPage{}, target.fail(refused)
	}
	parameters, err := s.checkParameters(ctx, c, target, q, problem)
	if err != nil {
		return firstPage{}, target.fail(err)
	}
	first, err := s.ask(ctx, r, c, parameters)
	if err != nil {
		return firstPage{}, target.fail(err)
	}
	return first, nil
}

// checkParameters runs the checks whose failure is told to the client.
func (s *Server) checkParameters(ctx context.Context, c *registered, target redirectTarget, q gen.AuthorizationRequest, problem *gen.Problem) (requestParameters, error) {
	if problem != nil {
		return requestParameters{}, problem
	}
	if err := checkResponseType(c); err != nil {
		return requestParameters{}, err
	}
	if err := checkRegistration(q); err != nil {
		return requestParameters{}, err
	}
	if err := checkResponseMode(target); err != nil {
		return requestParameters{}, err
	}
	if err := checkCodeChallenge(c, q); err != nil {
		return requestParameters{}, err
	}
	resources, err := s.resources.resolve(q.Resource)
	if err != nil {
		return requestParameters{}, err
	}
	scope, err := s.scopes.resolve(q.Scope, resources)
	if err != nil {
		return requestParameters{}, err
	}
	parameters := requestParameters{
		RedirectURI:     target.uri,
		RedirectURISent: q.RedirectURI != "",
		FormPost:        target.formPost,
		State:           q.State,
		Scopes:          s.offlineScope(c, scope),
		Resources:       resources,
		CodeChallenge:   q.CodeChallenge,
		Nonce:           q.Nonce,
	}
	if err := s.checkAuthenticationRequest(ctx, c, q, &parameters); err != nil {
		return requestParameters{}, err
	}
	return parameters, nil
}

// checkAuthenticationRequest reads what a client wants of the sign-in (OpenID
// Connect Core §3.1.2.1).
func (s *Server) checkAuthenticationRequest(ctx context.Context, c *registered, q gen.AuthorizationRequest, p *requestParameters) (err error) {
	if p.Prompt, err = s.checkPrompt(q); err != nil {
		return err
	}
	if p.Claims, err = s.checkClaims(q); err != nil {
		return err
	}
	hint, err := s.checkIDTokenHint(ctx, c, q.IDTokenHint)
	if err != nil {
		return err
	}
	if p.Subjects, err = wantedSubjects(hint.subject, p.Claims.subjects()); err != nil {
		return err
	}
	if p.EssentialACR, err = s.checkEssentialACR(p.Claims.essentialACR()); err != nil {
		return err
	}
	if p.MaxAge = q.MaxAge; p.MaxAge == nil {
		p.MaxAge = c.metadata.DefaultMaxAge // OpenID Connect Registration §2
	}
	p.ACRValues = strings.Fields(q.ACRValues)
	if _, asked := p.Claims.IDToken["acr"]; !asked && len(p.ACRValues) == 0 {
		p.ACRValues = c.metadata.DefaultACRValues // OpenID Connect Registration §2
	}
	p.LoginHint, p.Display = q.LoginHint, q.Display
	p.UILocales, p.ClaimsLocales = strings.Fields(q.UILocales), strings.Fields(q.ClaimsLocales)
	if s.scopes.asksIdentity(q.Scope) {
		return s.keys.ensure(ctx, identityAlgorithmsOf(c)...)
	}
	return nil
}

// requestParameters is what the record of an authorization request keeps of it,
// once it is checked.
type requestParameters struct {
	Browser         string   `json:"browser"`                     // digest of the cookie that it is bound to
	RedirectURI     string   `json:"redirect_uri"`                // where the answer goes, byte for byte
	RedirectURISent bool     `json:"redirect_uri_sent,omitempty"` // whether the client named it (RFC 6749 §4.1.3)
	State           string   `json:"state,omitempty"`
	Scopes          []string `json:"scopes,omitempty"`
	Resources       []string `json:"resources"`
	CodeChallenge   string   `json:"code_challenge,omitempty"`
	Nonce           string   `json:"nonce,omitempty"`
	FormPost        bool     `json:"form_post,omitempty"` // how the answer goes

	Prompt        []string      `json:"prompt,omitempty"`
	MaxAge        *int64        `json:"max_age,omitempty"`  // seconds
	Subjects      []string      `json:"subjects,omitempty"` // who may sign in, as the client knows them; nil is anybody
	LoginHint     string        `json:"login_hint,omitempty"`
	ACRValues     []string      `json:"acr_values,omitempty"`
	EssentialACR  []string      `json:"essential_acr,omitempty"` // of which one must be met; nil is any
	Claims        claimsRequest `json:"claims,omitzero"`
	ClaimsLocales []string      `json:"claims_locales,omitempty"`
	UILocales     []string      `json:"ui_locales,omitempty"`
	Display       string        `json:"display,omitempty"`
}

// ask stores the request, bound to the browser that made it, and starts the
// Interaction.
func (s *Server) ask(ctx context.Context, r *http.Request, c *registered, parameters requestParameters) (firstPage, error) {
	browser, cookies := s.browser(r)
	parameters.Browser = s.browserDigest(browser)
	document, err := json.Marshal(parameters)
	if err != nil {
		return firstPage{}, err
	}
	handle := seal.NewToken(seal.PrefixRequest)
	now := s.now()
	record := store.Token{
		Digest:     store.NewDigest(store.AuthorizationRequest, handle),
		Kind:       store.AuthorizationRequest,
		ClientID:   c.id,
		Parameters: document,
		CreatedAt:  now,
		ExpiresAt:  now.Add(s.cfg.Lifetimes.AuthorizationRequest),
	}
	if err := s.store.Issue(ctx, nil, record); err != nil {
		return firstPage{}, err
	}
	location, err := s.interaction.Start(ctx, &Pending{s, handle, browser, c, record, parameters, s.userAgentState(r)})
	if err != nil {
		return firstPage{}, err
	}
	return firstPage{location, cookies}, nil
}

// checkVisit refuses what no person started: a browser that fetches ahead must
// not create requests, and a flood must not fill the store.
func (s *Server) checkVisit(r *http.Request) error {
	if s.interaction == nil {
		return &refusal{as: oauth.InvalidRequest("no_interaction", "this server has no authorization endpoint"), status: http.StatusNotFound}
	}
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose"} {
		if strings.Contains(r.Header.Get(name), "prefetch") {
			return oauth.InvalidRequest("prefetched", "an authorization request is not to be fetched ahead")
		}
	}
	if !s.limits.authorizations.allow(s.peer(r), s.now()) {
		return tooManyRequests("authorization_rate")
	}
	return nil
}
