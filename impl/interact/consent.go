package interact

import (
	"context"
	"crypto/hmac"
	"net/http"
	"slices"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/server"
)

// ConsentPage shows what the client asks for. Whoever is not signed in goes to
// the login page first. Who allowed the same before is not asked again: then this
// GET ends the request. It is no other site's to cause: the handle is known to
// the browser that made the request alone, and good once.
func (p operations) ConsentPage(ctx context.Context, in *gen.ConsentPageInput) (gen.ConsentPageOutput, error) {
	pending, err := p.server.Pending(ctx, in.HTTP, in.Query.Request)
	if err != nil {
		return nil, err
	}
	v, signedIn, err := p.visitor(ctx, in.HTTP)
	if err != nil {
		return nil, err
	}
	if !signedIn {
		return gen.ConsentPage303{Location: p.at.page(gen.PathLoginPage, pending.Handle())}, nil
	}
	c, err := v.candidate(ctx, pending)
	if err != nil {
		return nil, err
	}
	if c.lacks == server.LoginRequired && !pending.Silent() {
		return gen.ConsentPage303{Location: p.at.loginAs(pending.Handle(), c.again(pending))}, nil
	}
	if c.lacks != "" {
		return consentPageAnswer(p.server.Fail(ctx, pending, c.lacks))
	}
	known, err := p.remembered(ctx, in.HTTP, pending, v)
	if err != nil {
		return nil, err
	}
	if known {
		return consentPageAnswer(p.answerAgain(ctx, pending, v))
	}
	if pending.Silent() {
		return consentPageAnswer(p.server.Fail(ctx, pending, server.ConsentRequired))
	}
	body, err := p.paintConsent(p.paintedFor(in.HTTP, pending.UILocales()), pending, v, nil, "")
	if err != nil {
		return nil, err
	}
	return gen.ConsentPage200{ContentSecurityPolicy: p.consentPolicy(pending), Body: body}, nil
}

// again is the account that has to sign in again: the visitor's, or another where
// the request names somebody else.
func (c candidate) again(pending *server.Pending) string {
	if pending.Names() && !c.wanted {
		return otherAccount
	}
	return c.session.ID
}

// consentPageAnswer gives the browser what goes to the client.
func consentPageAnswer(response server.Response, err error) (gen.ConsentPageOutput, error) {
	if err != nil {
		return nil, err
	}
	if page, policy := response.Page(); page != nil {
		return gen.ConsentPage200{ContentSecurityPolicy: policy, SetCookie: response.SetCookie(), Body: page}, nil
	}
	return gen.ConsentPage303{Location: response.Location(), SetCookie: response.SetCookie()}, nil
}

// Consent ends the request with what the person decided. The form says only
// allow or deny, and which of the scopes asked for stay; whatever else it holds
// is not read.
func (p operations) Consent(ctx context.Context, in *gen.ConsentInput) (gen.ConsentOutput, error) {
	pending, err := p.server.Pending(ctx, in.HTTP, in.Form.Request)
	if err != nil {
		return nil, err
	}
	v, signedIn, err := p.visitor(ctx, in.HTTP)
	if err != nil {
		return nil, err
	}
	if p.cfg.Upstream != nil && hmac.Equal([]byte(in.Form.CSRF), []byte(formToken(pending, visitor{}))) {
		v = visitor{} // the question was put before a sign-in
	} else if !signedIn {
		return gen.Consent303{Location: p.at.page(gen.PathLoginPage, pending.Handle())}, nil
	}
	if !hmac.Equal([]byte(in.Form.CSRF), []byte(formToken(pending, v))) {
		return nil, errForm
	}
	if in.Form.Decision != gen.ConsentDecisionAllow {
		response, err := p.server.Deny(ctx, pending)
		return consentAnswer(response, "", err)
	}
	return p.allow(ctx, in.HTTP, pending, v, in.Form.Scope)
}

func (p *pages) allow(ctx context.Context, r *http.Request, pending *server.Pending, v visitor, ticked []string) (gen.ConsentOutput, error) {
	asked := pending.Scopes()
	scopes := allowed(asked, ticked)
	if len(asked) > 0 && len(scopes) == 0 {
		return nil, p.consentAgain(r, pending, v)
	}
	if v.Subject == "" {
		return p.allowUpstream(ctx, pending, scopes)
	}
	// Before the code is made: what fails after it would lose it.
	cookie, err := p.sessions.renew(ctx, r, v.session)
	if err != nil {
		return nil, err
	}
	d := p.decision(v)
	d.Scopes = scopes
	response, err := p.server.Complete(ctx, pending, d)
	return consentAnswer(response, cookie, err)
}

// consentAnswer gives the browser what goes to the client, and a cookie if there
// is one.
func consentAnswer(response server.Response, cookie string, err error) (gen.ConsentOutput, error) {
	if err != nil {
		return nil, err
	}
	cookies := response.SetCookie()
	if cookie != "" {
		cookies = append(cookies, cookie)
	}
	if page, policy := response.Page(); page != nil {
		return gen.Consent200{ContentSecurityPolicy: policy, SetCookie: cookies, Body: page}, nil
	}
	return gen.Consent303{Location: response.Location(), SetCookie: cookies}, nil
}

// questionBeforeSignIn is the consent page for somebody who is yet to sign in, at
// the upstream provider.
func (p *pages) questionBeforeSignIn(e errand) (gen.LoginPageOutput, error) {
	body, err := p.paintConsent(e.painter, e.pending, visitor{}, nil, "")
	if err != nil {
		return nil, err
	}
	return gen.LoginPage200{ContentSecurityPolicy: p.consentPolicy(e.pending), Body: body}, nil
}

// allowUpstream sends somebody who allowed it to the provider that says who they
// are. What they allowed comes back with the answer.
func (p *pages) allowUpstream(ctx context.Context, pending *server.Pending, scopes []string) (gen.ConsentOutput, error) {
	e := errand{handle: pending.Handle(), csrf: pending.CSRFToken(), pending: pending}
	location, err := p.cfg.Upstream.Begin(ctx, p.attempt(e, pending.Scopes(), scopes))
	return gen.Consent303{Location: location}, p.explainUpstream(ctx, err)
}

// upstreamName is shown where people sign in upstream.
func (p *pages) upstreamName() string {
	if p.cfg.Upstream == nil {
		return ""
	}
	return p.cfg.Upstream.Name
}

// allowed returns the scopes that were asked for and are ticked, in the order
// asked, never nil: to the server nil would mean all of them.
func allowed(asked, ticked []string) []string {
	scopes := make([]string, 0, len(asked))
	for _, value := range asked {
		if slices.Contains(ticked, value) {
			scopes = append(scopes, value)
		}
	}
	return scopes
}

// consentAgain shows the form to somebody who allowed nothing in particular,
// which is neither yes nor no.
func (p *pages) consentAgain(r *http.Request, pending *server.Pending, v visitor) error {
	body, err := p.paintConsent(p.paintedFor(r, pending.UILocales()), pending, v, map[string]bool{}, "Nothing is ticked. Tick what you allow, or deny.")
	if err != nil {
		return err
	}
	return &refusedForm{status: http.StatusBadRequest, body: body, policy: p.consentPolicy(pending)}
}

func (p *pages) consentPolicy(pending *server.Pending) string {
	return p.painter.policy(consentFormAction(pending.RedirectURI())...)
}

func (p *pages) paintConsent(in *painter, pending *server.Pending, v visitor, ticked map[string]bool, problem string) ([]byte, error) {
	return in.paint(consentFile, consentView{
		frame:     p.painter.frame,
		Action:    p.at.path + gen.PathConsentPage,
		Request:   pending.Handle(),
		CSRF:      formToken(pending, v),
		Client:    describeClient(pending),
		Account:   shown(v.Name, maxAccountName),
		Upstream:  p.upstreamName(),
		Scopes:    p.cfg.describeScopes(pending.Scopes(), ticked),
		Claims:    describeClaims(pending),
		Resources: describeResources(pending),
		Target:    describeTarget(pending),
		Problem:   problem,
	})
}
