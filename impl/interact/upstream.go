package interact

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/server"
)

// An Upstream signs people in at another OpenID provider, in the place of a
// password here. Package upstream makes one. Name and both functions are
// required; the functions are safe for concurrent use.
//
// An authorization request is put before the person first and goes to the
// provider only when they allowed it: otherwise a client that registered itself
// could pass, unseen, through a browser that is signed in at the provider (the
// confused deputy of the MCP security best practices).
type Upstream struct {
	// Name is what people know the provider by.
	Name string
	// Begin returns the URL at the provider that the browser goes to.
	Begin func(context.Context, UpstreamAttempt) (location string, err error)
	// SignIn returns who came back. The errors that the pages understand are
	// ErrUpstreamRefused, ErrUpstreamUnavailable and ErrNoAccount; any other is
	// shown as the server's fault.
	SignIn func(context.Context, UpstreamAttempt, UpstreamAnswer) (Identity, error)
}

// An UpstreamAttempt is one sign-in at the provider. Its secrets follow from the
// cookie of the browser that began it and from what is signed in for: in another
// browser, or for anything else, they are others.
type UpstreamAttempt struct {
	State        string // comes back with the answer
	Nonce        string // OpenID Connect Core §3.1.2.1: in the ID Token
	CodeVerifier string // RFC 7636 §4.1
	RedirectURI  string // where the answer comes to: the issuer and /login/upstream
	LoginHint    string // the client's guess who signs in; empty without one
	Prompt       string // login where a sign-in from before does not do, select_account where the client asks for it, or empty
}

// An UpstreamAnswer is what the provider sent the browser back with, its error
// apart.
type UpstreamAnswer struct {
	Code   string // RFC 6749 §4.1.2
	Issuer string // RFC 9207 §2; empty where the provider sends none
}

var (
	// ErrUpstreamRefused: what the provider answered is not good, or it did not
	// accept what it was sent. Wraps the reason, which is logged and not shown.
	ErrUpstreamRefused = errors.New("interact: the upstream provider's answer is not good")
	// ErrUpstreamUnavailable: the provider does not answer now. Wraps the reason.
	ErrUpstreamUnavailable = errors.New("interact: the upstream provider does not answer")
)

func (u *Upstream) check() error {
	if u != nil && (u.Name == "" || u.Begin == nil || u.SignIn == nil) {
		return errors.New("Upstream needs Name, Begin and SignIn")
	}
	return nil
}

// attempt is the sign-in for e, of which asked are the scopes that it asks for
// and allowed those that the person left ticked.
func (p *pages) attempt(e errand, asked, allowed []string) UpstreamAttempt {
	what := e.handle + "." + ticks(asked, allowed)
	return p.attemptOf(e, what+"."+sign(e.csrf, "upstream state\x00"+what))
}

func (p *pages) attemptOf(e errand, state string) UpstreamAttempt {
	a := UpstreamAttempt{
		State:        state,
		Nonce:        sign(e.csrf, "upstream nonce\x00"+state),
		CodeVerifier: sign(e.csrf, "upstream verifier\x00"+state),
		RedirectURI:  p.at.issuer + gen.PathUpstreamCallback,
		LoginHint:    e.hint(),
	}
	switch {
	case e.pending == nil:
	case e.pending.WantsRecentSignIn():
		a.Prompt = server.PromptLogin
	case e.pending.Asks(server.PromptSelectAccount):
		a.Prompt = server.PromptSelectAccount
	}
	return a
}

// handleOf returns the handle in a state, unchecked: it finds the errand whose
// key checks the state.
func handleOf(state string) string {
	handle, _, _ := strings.Cut(state, ".")
	return handle
}

// allowedBy returns the scopes that a state says were left ticked; false when the
// state was not made for e in this browser.
func (e errand) allowedBy(state string) (allowed []string, ok bool) {
	i := strings.LastIndexByte(state, '.')
	if i < 0 || !hmac.Equal([]byte(state[i+1:]), []byte(sign(e.csrf, "upstream state\x00"+state[:i]))) {
		return nil, false
	}
	_, ticked, _ := strings.Cut(state[:i], ".")
	bits, err := base64.RawURLEncoding.DecodeString(ticked)
	if err != nil {
		return nil, false
	}
	allowed = []string{}
	for i, value := range e.scopes() {
		if i/8 < len(bits) && bits[i/8]&(1<<(i%8)) != 0 {
			allowed = append(allowed, value)
		}
	}
	return allowed, true
}

// ticks writes which of the scopes asked for are allowed, a bit each.
func ticks(asked, allowed []string) string {
	bits := make([]byte, (len(asked)+7)/8)
	for i, value := range asked {
		if slices.Contains(allowed, value) {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return base64.RawURLEncoding.EncodeToString(bits)
}

// scopes returns what is asked for; none for the connected apps.
func (e errand) scopes() []string {
	if e.pending == nil {
		return nil
	}
	return e.pending.Scopes()
}
