package interact

import (
	"context"
	"net/http"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/server"
)

// appsHandle stands in the place of a request's handle when somebody signs in to
// see their connected apps. It is the only such word: nothing in a URL or a form
// says where else they go. No request has it, since theirs begin with "chrq_".
const appsHandle = "apps"

// An errand is what somebody signs in for: an authorization request, or their
// connected apps.
type errand struct {
	handle  string
	csrf    string          // what the login form carries
	next    string          // the URL of the page that follows
	pending *server.Pending // nil for the connected apps
	cookies []string        // names a browser that had no name
	painter *painter        // in the language that is wanted
}

// errand returns what is under handle in the browser of r. The errors are those
// of Server.Pending.
func (p *pages) errand(ctx context.Context, r *http.Request, handle string) (errand, error) {
	if handle == appsHandle {
		csrf, cookies := p.server.FormToken(r, "login")
		return errand{handle: handle, csrf: csrf, next: p.at.issuer + gen.PathAppsPage, cookies: cookies, painter: p.paintedFor(r, nil)}, nil
	}
	pending, err := p.server.Pending(ctx, r, handle)
	if err != nil {
		return errand{}, err
	}
	return errand{
		handle: pending.Handle(), csrf: pending.CSRFToken(),
		next: p.at.page(gen.PathConsentPage, pending.Handle()), pending: pending, painter: p.paintedFor(r, pending.UILocales()),
	}, nil
}

// client returns who asked for the sign-in; "" when the person did.
func (e errand) client() string {
	if e.pending == nil {
		return ""
	}
	return e.pending.ClientID()
}

// hint returns what to fill in as the user name.
func (e errand) hint() string {
	if e.pending == nil {
		return ""
	}
	return shown(e.pending.LoginHint(), maxAccountName)
}

// loginPolicy is as wide as the consent page's where consent may be remembered:
// the login form then leads through to the client, and Chromium applies
// form-action to every redirect that follows a form.
func (p *pages) loginPolicy(e errand) string {
	if p.cfg.Upstream != nil {
		return p.painter.policy(consentFormAction("https:")...)
	}
	if e.pending != nil && p.mayRemember(e.pending) {
		return p.consentPolicy(e.pending)
	}
	return p.painter.policy("'self'")
}
