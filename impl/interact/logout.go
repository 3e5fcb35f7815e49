package interact

import (
	"context"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/store"
)

// Logout signs every account out of the browser. Where there is none nothing happens,
// no cookie is touched, and the page is the same: another site's form comes
// without the cookie and must not be able to take it away.
func (p operations) Logout(ctx context.Context, in *gen.LogoutInput) (gen.LogoutOutput, error) {
	sessions, err := p.sessions.all(ctx, in.HTTP)
	if err != nil {
		return nil, err
	}
	body, err := p.painter.paint(signedOutFile, signedOutView{frame: p.painter.frame, Action: p.at.path + gen.PathAppsPage})
	if err != nil {
		return nil, err
	}
	out := gen.Logout200{ContentSecurityPolicy: p.painter.policy("'self'"), Body: body}
	if len(sessions) == 0 {
		return out, nil
	}
	if !p.sessions.checkForm(in.HTTP, logoutPurpose, in.Form.CSRF) {
		return nil, errSessionForm
	}
	cookie, err := p.sessions.end(ctx, sessions...)
	if err != nil {
		return nil, err
	}
	for _, session := range sessions {
		p.server.Emit(ctx, store.Event{Reason: "logout", Subject: session.Subject})
	}
	out.SetCookie = []string{cookie}
	return out, nil
}
