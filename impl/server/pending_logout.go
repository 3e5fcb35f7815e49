package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// A PendingLogout is a logout request that passed every check and waits for a
// person (OpenID Connect RP-Initiated Logout §2). Only the Logout Endpoint makes
// one; nothing that comes back through a form can change it. It may be read by
// several goroutines.
type PendingLogout struct {
	server     *Server
	handle     string
	client     *registered // nil: nobody said who asks
	parameters logoutParameters
}

// PendingLogout returns the logout request that waits under handle, in whatever
// browser. It is good until it expires, however often it was answered: signing out
// twice is no error (RP-Initiated Logout §4). The errors are *oauth.Error, to be
// shown with ShowError: the handle is unknown or expired, or the client is not what
// it was.
func (s *Server) PendingLogout(ctx context.Context, handle string) (*PendingLogout, error) {
	if !seal.WellFormed(seal.PrefixLogout, handle) {
		return nil, errLogoutUnknown()
	}
	record, _, err := s.store.Token(ctx, s.logoutDigest(handle))
	if errors.Is(err, store.ErrNotFound) || err == nil && expired(record.ExpiresAt, s.now()) {
		return nil, errLogoutUnknown()
	}
	if err != nil {
		return nil, err
	}
	p := &PendingLogout{server: s, handle: handle}
	if err := json.Unmarshal(record.Parameters, &p.parameters); err != nil {
		return nil, fmt.Errorf("parameters of a stored logout request: %w", err)
	}
	if record.ClientID == "" {
		return p, nil
	}
	if p.client, err = s.lookupClient(ctx, record.ClientID); err != nil {
		return nil, err
	}
	// The registration may have changed since: nobody is sent to a place that the
	// client does not have any more.
	if to := p.parameters.RedirectURI; to != "" && !p.client.mayReturnTo(to) {
		return nil, oauth.InvalidRequest("post_logout_redirect_uri_unregistered", "the application changed its registration; go back to it and start again")
	}
	return p, nil
}

func errLogoutUnknown() *oauth.Error {
	return oauth.InvalidRequest("logout_request_unknown", "this request to sign out is not known here, or took too long; go back to the application and start again")
}

// Handle returns what the pages carry to find the request again.
func (p *PendingLogout) Handle() string { return p.handle }

// ClientID returns the identifier of the client that asks, "" where none said so.
// Without Confirmed anybody can have written it.
func (p *PendingLogout) ClientID() string {
	if p.client == nil {
		return ""
	}
	return p.client.id
}

// ClientName returns the name that the client gave itself, or "". Show it as
// unverified unless Verified.
func (p *PendingLogout) ClientName() string {
	if p.client == nil {
		return ""
	}
	return p.client.metadata.ClientName
}

// Verified reports whether an operator registered the client, so that its name
// can be believed.
func (p *PendingLogout) Verified() bool {
	return p.client != nil && p.client.stored != nil && p.client.stored.Source == sourceOperator
}

// Confirmed reports whether an ID Token of this server proves that the client asks,
// and for whom.
func (p *PendingLogout) Confirmed() bool { return p.parameters.Subject != "" }

// SessionID returns the session that the client means, as Decision.SessionID named
// it; "" without one. It may be over, or of another browser.
//
// Where it is a session of the browser that asks, and the person came here
// themselves, it may be ended without a question. In every other case ask (§2).
func (p *PendingLogout) SessionID() string { return p.parameters.SessionID }

// Means reports whether the client means this person. The error is the store's.
func (p *PendingLogout) Means(ctx context.Context, subject string) (bool, error) {
	if !p.Confirmed() {
		return false, nil
	}
	told, err := p.server.subjectFor(ctx, p.client, subject)
	return err == nil && told == p.parameters.Subject, err
}

// LogoutHint returns the client's guess who wants to sign out, or "".
func (p *PendingLogout) LogoutHint() string { return p.parameters.LogoutHint }

// UILocales returns the languages that the client would like pages in, best first
// (BCP 47).
func (p *PendingLogout) UILocales() []string { return slices.Clone(p.parameters.UILocales) }

// RedirectURI returns where the browser goes once the person is signed out, or "".
func (p *PendingLogout) RedirectURI() string { return p.parameters.RedirectURI }

// RedirectHost returns the host, or for a private-use scheme the scheme, of
// RedirectURI, for people to read; "" without one.
func (p *PendingLogout) RedirectHost() string { return client.DisplayTarget(p.parameters.RedirectURI) }
