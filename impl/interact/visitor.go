package interact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// A visitor is a person signed in at a browser, whose account is in order now.
type visitor struct {
	Identity
	session store.Session
	acr     string // of the sign-in
}

// visitor returns whose account is used at the browser of r: of those that are
// signed in there the one that was chosen last. false when nobody is.
func (p *pages) visitor(ctx context.Context, r *http.Request) (visitor, bool, error) {
	for _, d := range p.sessions.presented(r) {
		v, ok, err := p.visitorOf(ctx, d)
		if ok || err != nil {
			return v, ok, err
		}
	}
	return visitor{}, false, nil
}

// visitors returns everybody who is signed in at the browser of r, the one whose
// account is used first.
func (p *pages) visitors(ctx context.Context, r *http.Request) ([]visitor, error) {
	var all []visitor
	for _, d := range p.sessions.presented(r) {
		v, ok, err := p.visitorOf(ctx, d)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, v)
		}
	}
	return all, nil
}

// visitorOf returns the person of a session. The account is looked at every time:
// one that was disabled since, or whose password was changed, is signed in
// nowhere.
func (p *pages) visitorOf(ctx context.Context, d store.Digest) (visitor, bool, error) {
	session, ok, err := p.sessions.live(ctx, d)
	if !ok || err != nil {
		return visitor{}, false, err
	}
	id, err := p.cfg.Accounts.Account(ctx, session.Subject)
	if errors.Is(err, ErrNoAccount) {
		return visitor{}, false, nil
	}
	if err != nil {
		return visitor{}, false, err
	}
	if id.Subject != session.Subject {
		return visitor{}, false, errors.New("Accounts.Account returned another subject than it was asked for")
	}
	acr, err := acrOf(session)
	return visitor{id, session, acr}, !session.AuthTime.Before(id.ValidSince), err
}

// A candidate is a visitor as a request sees them.
type candidate struct {
	visitor
	wanted bool                       // the request names them
	lacks  server.AuthenticationError // why their sign-in does not do; "" where it does
}

// candidate returns v as pending sees them.
func (v visitor) candidate(ctx context.Context, pending *server.Pending) (c candidate, err error) {
	c.visitor = v
	if c.wanted, err = pending.Wants(ctx, v.Subject); err != nil {
		return c, err
	}
	c.lacks, err = pending.Lacks(ctx, v.Subject, v.session.AuthTime, v.acr)
	return c, err
}

// candidates returns everybody who is signed in at the browser of r as pending
// sees them.
func (p *pages) candidates(ctx context.Context, r *http.Request, pending *server.Pending) ([]candidate, error) {
	people, err := p.visitors(ctx, r)
	all := make([]candidate, len(people))
	for i := 0; i < len(people) && err == nil; i++ {
		all[i], err = people[i].candidate(ctx, pending)
	}
	return all, err
}

// decision is what the visitor allows, but for the scopes.
func (p *pages) decision(v visitor) server.Decision {
	return server.Decision{
		Subject: v.Subject, AuthTime: v.session.AuthTime, Methods: v.session.Methods, ACR: v.acr,
		SessionID: v.session.ID, SessionExpiresAt: v.session.AuthTime.Add(p.sessions.lifetime),
	}
}

// sessionParameters are what store.Session.Parameters keeps of a sign-in.
type sessionParameters struct {
	ACR string `json:"acr,omitempty"`
}

func parametersOf(id Identity) ([]byte, error) {
	if id.ACR == "" {
		return nil, nil
	}
	return json.Marshal(sessionParameters{id.ACR})
}

func acrOf(session store.Session) (string, error) {
	if session.Parameters == nil {
		return "", nil
	}
	var p sessionParameters
	if err := json.Unmarshal(session.Parameters, &p); err != nil {
		return "", fmt.Errorf("parameters of session %s: %w", session.ID, err)
	}
	return p.ACR, nil
}
