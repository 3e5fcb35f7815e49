package server

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// A Pending is an authorization request that passed every check and waits for a
// person. Only the authorization endpoint makes one; nothing that comes back
// through a form can change it. A zero Pending is refused everywhere. It may be
// read by several goroutines.
type Pending struct {
	server     *Server
	handle     string
	browser    string
	client     *registered
	record     store.Token
	parameters requestParameters
	userAgent  userAgentState // of the browser that asks
}

// Pending returns the request that waits under handle in the browser of r. The
// errors are *oauth.Error invalid_request, to be shown with ShowError: the
// handle is unknown, expired or answered, or belongs to another browser.
func (s *Server) Pending(ctx context.Context, r *http.Request, handle string) (*Pending, error) {
	if !seal.WellFormed(seal.PrefixRequest, handle) {
		return nil, oauth.InvalidRequest("request_unknown", "this sign-in is not known here; go back to the application and start again")
	}
	record, _, err := s.store.Token(ctx, store.NewDigest(store.AuthorizationRequest, handle))
	if errors.Is(err, store.ErrNotFound) {
		return nil, oauth.InvalidRequest("request_unknown", "this sign-in is not known here; go back to the application and start again")
	}
	if err != nil {
		return nil, err
	}
	var parameters requestParameters
	if err := json.Unmarshal(record.Parameters, &parameters); err != nil {
		return nil, fmt.Errorf("parameters of a stored request: %w", err)
	}
	browser, ok := s.knownBrowser(r)
	if !ok || parameters.Browser != s.browserDigest(browser) {
		return nil, oauth.InvalidRequest("browser_mismatch", "this sign-in was started in another browser, or cookies are off; go back to the application and start again")
	}
	if err := s.checkWaiting(record); err != nil {
		return nil, err
	}
	c, err := s.lookupClient(ctx, record.ClientID)
	if err != nil {
		return nil, err
	}
	// The registration may have changed since: an answer goes to no place that
	// the client does not have any more.
	if !client.MatchRedirectURI(c.metadata.UsableRedirectURIs(), parameters.RedirectURI) {
		return nil, oauth.InvalidRequest("redirect_uri_unregistered", "the application changed its registration; go back to it and start again")
	}
	return &Pending{s, handle, browser, c, record, parameters, s.userAgentState(r)}, nil
}

func (s *Server) checkWaiting(record store.Token) error {
	switch {
	case !record.ConsumedAt.IsZero():
		return oauth.InvalidRequest("request_answered", "this sign-in was finished before; go back to the application")
	case !s.now().Before(record.ExpiresAt) || s.Revived(record.CreatedAt):
		return oauth.InvalidRequest("request_expired", "this sign-in took too long; go back to the application and start again")
	}
	return nil
}

// Handle returns what the pages carry to find the request again. It is of no
// use in another browser.
func (p *Pending) Handle() string { return p.handle }

// ClientID returns the client identifier.
func (p *Pending) ClientID() string { return p.client.id }

// ClientName returns the name that the client gave itself, or "". Show it as
// unverified unless Verified.
func (p *Pending) ClientName() string { return p.client.metadata.ClientName }

// ClientURI returns the home page that the client gave itself, or "".
func (p *Pending) ClientURI() string { return p.client.metadata.ClientURI }

// Verified reports whether an operator registered the client, so that its name
// can be believed.
func (p *Pending) Verified() bool {
	return p.client.stored != nil && p.client.stored.Source == sourceOperator
}

// RedirectURI returns where the answer goes.
func (p *Pending) RedirectURI() string { return p.parameters.RedirectURI }

// RedirectHost returns the host, or for a private-use scheme the scheme, that
// the answer goes to, for people to read.
func (p *Pending) RedirectHost() string { return client.DisplayTarget(p.parameters.RedirectURI) }

// Loopback reports whether the answer goes to a program on the person's own
// machine, which any program there can pretend to be (RFC 8252 §8.6).
func (p *Pending) Loopback() bool { return client.LoopbackTarget(p.parameters.RedirectURI) }

// Scopes returns the scope values asked for.
func (p *Pending) Scopes() []string { return slices.Clone(p.parameters.Scopes) }

// Resources returns the canonical URIs of the resources asked for; never empty.
func (p *Pending) Resources() []string { return slices.Clone(p.parameters.Resources) }

// ResourceName returns the name that the operator gave one of Resources, or "".
func (p *Pending) ResourceName(uri string) string {
	r, _ := p.server.resources.find(uri)
	return r.config.Name
}

// LoginHint returns the client's guess who will sign in, or "".
func (p *Pending) LoginHint() string { return p.parameters.LoginHint }

// Asks reports whether the client sent a value of prompt: PromptLogin,
// PromptConsent, …
func (p *Pending) Asks(prompt string) bool { return slices.Contains(p.parameters.Prompt, prompt) }

// Silent reports whether nobody may be asked or shown anything (prompt=none): the
// request ends with Server.Complete or Server.Fail.
func (p *Pending) Silent() bool { return p.Asks(PromptNone) }

// ACRValues returns the classes of authentication that the client would like, best
// first, those first that it demands.
func (p *Pending) ACRValues() []string {
	return slices.Concat(p.parameters.EssentialACR, p.parameters.ACRValues)
}

// UILocales returns the languages that the client would like pages in, best first
// (BCP 47).
func (p *Pending) UILocales() []string { return slices.Clone(p.parameters.UILocales) }

// Display returns how the client shows the pages (OpenID Connect Core §3.1.2.1):
// page, popup, touch, wap, any other text, or "".
func (p *Pending) Display() string { return p.parameters.Display }

// Claims returns the names of claims about the person that are asked for beside
// those of the Scopes, sorted. Whoever allows the request allows them too.
func (p *Pending) Claims() []string { return p.parameters.Claims.named(p.parameters.Scopes) }

// Wants reports whether the request names this person: by id_token_hint or the
// claims parameter. The error is the store's.
func (p *Pending) Wants(ctx context.Context, subject string) (bool, error) {
	if !p.Names() {
		return false, nil
	}
	told, err := p.server.subjectFor(ctx, p.client, subject)
	return slices.Contains(p.parameters.Subjects, told), err
}

// Names reports whether the request wants a person in particular, by id_token_hint
// or the claims parameter.
func (p *Pending) Names() bool { return p.parameters.Subjects != nil }

// ClaimsCovered reports whether the claims asked for by name are among those that
// g, a grant of the same client, was asked for.
func (p *Pending) ClaimsCovered(g store.Grant) bool {
	asked := p.Claims()
	if len(asked) == 0 {
		return true
	}
	of, err := parametersOf(g)
	if err != nil {
		return false
	}
	known := of.Claims.named(nil)
	return !slices.ContainsFunc(asked, func(name string) bool { return !slices.Contains(known, name) })
}

// ClientUnchangedSince reports whether the client's registration is what it was
// at t, so that what a person was shown then is still true. Of a client with a
// metadata document nobody can tell.
func (p *Pending) ClientUnchangedSince(t time.Time) bool {
	return p.client.stored != nil && !p.client.stored.UpdatedAt.After(t)
}

// CSRFToken returns the value that a form for this request carries.
func (p *Pending) CSRFToken() string { return csrfToken(p.browser, p.handle) }

// CheckCSRF reports, in constant time, whether token is CSRFToken's.
func (p *Pending) CheckCSRF(token string) bool {
	return hmac.Equal([]byte(token), []byte(p.CSRFToken()))
}

// target is where the answer goes.
func (p *Pending) target() redirectTarget {
	t := redirectTarget{uri: p.parameters.RedirectURI, state: p.parameters.State, issuer: p.server.issuer.identifier, formPost: p.parameters.FormPost}
	if !p.server.cfg.openIDProvider() {
		return t
	}
	return t.withSessionState(p.client.id, p.parameters.Scopes, p.userAgent)
}

// of refuses a Pending that this server did not make.
func (p *Pending) of(s *Server) error {
	if p == nil || p.server != s {
		return errors.New("the Pending was not made by this Server")
	}
	return nil
}
