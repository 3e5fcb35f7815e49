package interact

import (
	"context"
	"crypto/hmac"
	"net/http"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/server"
)

// The purposes of the forms on the page of connected apps.
const (
	revokePurpose = "revoke"
	logoutPurpose = "logout"
)

// maxShownApps bounds the page.
const maxShownApps = 100

// AppsPage shows which apps have access to the account of the person who is
// signed in. Whoever is not goes to the login page, which leads back here.
func (p operations) AppsPage(ctx context.Context, in *gen.AppsPageInput) (gen.AppsPageOutput, error) {
	v, signedIn, err := p.visitor(ctx, in.HTTP)
	if err != nil {
		return nil, err
	}
	if !signedIn {
		return gen.AppsPage303{Location: p.at.page(gen.PathLoginPage, appsHandle)}, nil
	}
	apps, err := p.server.Apps(ctx, v.Subject)
	if err != nil {
		return nil, err
	}
	body, err := p.paintApps(in.HTTP, v, apps)
	if err != nil {
		return nil, err
	}
	return gen.AppsPage200{ContentSecurityPolicy: p.painter.policy("'self'"), Body: body}, nil
}

// RevokeApps ends the grants of one client, or of all. The form names the client;
// whose grants they are is the session's to say.
func (p operations) RevokeApps(ctx context.Context, in *gen.RevokeAppsInput) (gen.RevokeAppsOutput, error) {
	v, signedIn, err := p.visitor(ctx, in.HTTP)
	if err != nil {
		return nil, err
	}
	if !signedIn {
		return gen.RevokeApps303{Location: p.at.page(gen.PathLoginPage, appsHandle)}, nil
	}
	if !p.sessions.checkForm(in.HTTP, revokePurpose, in.Form.CSRF) {
		return nil, errSessionForm
	}
	if in.Form.Choice == gen.RevokeAppsChoiceEvery {
		err = p.server.RevokeApps(ctx, v.Subject)
	} else {
		err = p.server.RevokeApp(ctx, v.Subject, in.Form.ClientID)
	}
	if err != nil {
		return nil, err
	}
	cookie, err := p.sessions.renew(ctx, in.HTTP, v.session)
	if err != nil {
		return nil, err
	}
	out := gen.RevokeApps303{Location: p.at.issuer + gen.PathAppsPage}
	if cookie != "" {
		out.SetCookie = []string{cookie}
	}
	return out, nil
}

// errSessionForm refuses a form that was not made for this session.
var errSessionForm = &gen.Problem{Status: http.StatusForbidden, Code: "access_denied",
	Reason: "this form is not valid any more; open the page again"}

// formToken ties a form of somebody who is signed in to their session: only who
// knows the cookie can compute it, and it ends with the session.
func (s *sessions) formToken(r *http.Request, purpose string) string {
	return sign(s.cookie(r), "charter form\x00"+purpose)
}

// checkForm reports, in constant time, whether token is formToken's. The caller
// has seen that r has a session.
func (s *sessions) checkForm(r *http.Request, purpose, token string) bool {
	return hmac.Equal([]byte(token), []byte(s.formToken(r, purpose)))
}

func (p *pages) paintApps(r *http.Request, v visitor, apps []server.App) ([]byte, error) {
	view := appsView{
		frame:        p.painter.frame,
		Account:      shown(v.Name, maxAccountName),
		RevokeAction: p.at.path + gen.PathRevokeApps,
		RevokeCSRF:   p.sessions.formToken(r, revokePurpose),
		LogoutAction: p.at.path + gen.PathLogout,
		LogoutCSRF:   p.sessions.formToken(r, logoutPurpose),
		More:         len(apps) > maxShownApps,
	}
	for _, app := range apps[:min(len(apps), maxShownApps)] {
		described := p.cfg.describeApp(app)
		described.Open, described.OpenHost = openApp(app, p.at.issuer)
		view.Apps = append(view.Apps, described)
	}
	return p.paintedFor(r, nil).paint(appsFile, view)
}
