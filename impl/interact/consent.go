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
	known, err := p.remembered(ctx, in.HTTP, pending, v)
	if err != nil {
		return nil, err
	}
	if known {
		location, err := p.answerAgain(ctx, pending, v)
		return gen.ConsentPage303{Location: location}, err
	}
	body, err := p.paintConsent(pending, v, nil, "")
	if err != nil {
		return nil, err
	}
	return gen.ConsentPage200{ContentSecurityPolicy: p.consentPolicy(pending), Body: body}, nil
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
	if !signedIn {
		return gen.Consent303{Location: p.at.page(gen.PathLoginPage, pending.Handle())}, nil
	}
	if !hmac.Equal([]byte(in.Form.CSRF), []byte(formToken(pending, v))) {
		return nil, errForm
	}
	if in.Form.Decision != gen.ConsentDecisionAllow {
		location, err := p.server.Deny(ctx, pending)
		return gen.Consent303{Location: location}, err
	}
	return p.allow(ctx, pending, v, in.Form.Scope)
}

func (p *pages) allow(ctx context.Context, pending *server.Pending, v visitor, ticked []string) (gen.ConsentOutput, error) {
	asked := pending.Scopes()
	scopes := allowed(asked, ticked)
	if len(asked) > 0 && len(scopes) == 0 {
		return nil, p.consentAgain(pending, v)
	}
	// Before the code is made: what fails after it would lose it.
	cookie, err := p.sessions.renew(ctx, v.session)
	if err != nil {
		return nil, err
	}
	location, err := p.server.Complete(ctx, pending, server.Decision{Subject: v.Subject, AuthTime: v.session.AuthTime, Scopes: scopes})
	if err != nil {
		return nil, err
	}
	out := gen.Consent303{Location: location}
	if cookie != "" {
		out.SetCookie = []string{cookie}
	}
	return out, nil
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
func (p *pages) consentAgain(pending *server.Pending, v visitor) error {
	body, err := p.paintConsent(pending, v, map[string]bool{}, "Nothing is ticked. Tick what you allow, or deny.")
	if err != nil {
		return err
	}
	return &refusedForm{status: http.StatusBadRequest, body: body, policy: p.consentPolicy(pending)}
}

func (p *pages) consentPolicy(pending *server.Pending) string {
	return p.painter.policy(consentFormAction(pending.RedirectURI())...)
}

func (p *pages) paintConsent(pending *server.Pending, v visitor, ticked map[string]bool, problem string) ([]byte, error) {
	return p.painter.paint(consentFile, consentView{
		frame:     p.painter.frame,
		Action:    p.at.path + gen.PathConsentPage,
		Request:   pending.Handle(),
		CSRF:      formToken(pending, v),
		Client:    describeClient(pending),
		Account:   shown(v.Name, maxAccountName),
		Scopes:    p.cfg.describeScopes(pending.Scopes(), ticked),
		Resources: describeResources(pending),
		Target:    describeTarget(pending),
		Problem:   problem,
	})
}
