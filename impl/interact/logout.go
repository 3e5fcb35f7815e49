package interact

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// StartLogout implements server.LogoutInteraction.
func (p *pages) StartLogout(_ context.Context, asked *server.PendingLogout) (string, error) {
	return p.at.page(gen.PathLogoutPage, asked.Handle()), nil
}

// LogoutPage asks whether to sign out, and of which account (OpenID Connect
// RP-Initiated Logout §2). Where nobody is signed in there is nothing to ask.
func (p operations) LogoutPage(ctx context.Context, in *gen.LogoutPageInput) (gen.LogoutPageOutput, error) {
	asked, err := p.askedLogout(ctx, in.Query.Request)
	if err != nil {
		return nil, err
	}
	people, err := p.visitors(ctx, in.HTTP)
	if err != nil {
		return nil, err
	}
	if len(people) == 0 {
		return logoutPageAnswer(p.signOut(ctx, in.HTTP, asked, nil, nil))
	}
	if proven := provenSession(in.HTTP, asked, people); proven != nil {
		sessions, err := p.sessions.all(ctx, in.HTTP)
		if err != nil {
			return nil, err
		}
		return logoutPageAnswer(p.signOut(ctx, in.HTTP, asked, sessions, proven))
	}
	return p.askWhetherToSignOut(ctx, in.HTTP, asked, people)
}

// askedLogout returns the request under a handle, nil for "": the person asks by
// themselves.
func (p *pages) askedLogout(ctx context.Context, handle string) (*server.PendingLogout, error) {
	if handle == "" {
		return nil, nil
	}
	return p.server.PendingLogout(ctx, handle)
}

// provenSession returns the session that ends without a question, nil where there
// is to be one. RP-Initiated Logout §2 leaves the question to the provider where the
// ID Token is of the current session, and demands it everywhere else; §6 fears
// sites that sign people out. The rule here: an ID Token that this server signed
// names, by its sid, a session whose cookie this browser sends, and the browser
// says that this is a person's navigation and no frame, script or prefetch. Only
// the client of that session, and the person, were ever given such a token, so a
// foreign site cannot make one, nor use one of somebody else's browser. Whoever
// presses "sign out" there is not asked the same again; a token of another session
// of the same account, and the hint of a name, are not enough.
func provenSession(r *http.Request, asked *server.PendingLogout, people []visitor) []store.Session {
	if asked == nil || asked.SessionID() == "" || !navigates(r) {
		return nil
	}
	for _, v := range people {
		if v.session.ID == asked.SessionID() {
			return []store.Session{v.session}
		}
	}
	return nil
}

// navigates reports whether r is a person's navigation in a window, as far as the
// browser says (W3C Fetch Metadata §2.1).
func navigates(r *http.Request) bool {
	to := r.Header.Get("Sec-Fetch-Dest")
	return (to == "" || to == "document") && !strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch")
}

// askWhetherToSignOut shows the question, the account that the client means first.
func (p *pages) askWhetherToSignOut(ctx context.Context, r *http.Request, asked *server.PendingLogout, people []visitor) (gen.LogoutPageOutput, error) {
	view := logoutView{
		frame: p.painter.frame, Action: p.at.path + gen.PathLogout, CSRF: p.sessions.formToken(r, logoutFormPurpose(asked)),
		Stay: p.at.path + gen.PathAppsPage,
	}
	meant, err := meantBy(ctx, asked, people)
	if err != nil {
		return nil, err
	}
	policy := p.painter.policy("'self'")
	if asked != nil {
		view.Request, view.Asked, view.Back = asked.Handle(), true, shown(asked.RedirectHost(), maxHost)
		if asked.Confirmed() || asked.Verified() {
			view.Client = newClientView(asked.ClientID(), asked.ClientName(), asked.Verified())
		}
		view.Others = asked.Confirmed() && meant < 0
		if asked.RedirectURI() != "" {
			policy = p.painter.policy(consentFormAction(asked.RedirectURI())...)
		}
	}
	for i, v := range people {
		account := accountView{v.session.ID, shown(v.Name, maxAccountName)}
		if i == meant {
			view.Accounts = slices.Insert(view.Accounts, 0, account)
		} else {
			view.Accounts = append(view.Accounts, account)
		}
	}
	body, err := p.paintedFor(r, wantedLocales(asked)).paint(logoutFile, view)
	if err != nil {
		return nil, err
	}
	return gen.LogoutPage200{ContentSecurityPolicy: policy, Body: body}, nil
}

// meantBy returns which of the people the client means: by its ID Token or, where
// it has none, by name; -1 for nobody.
func meantBy(ctx context.Context, asked *server.PendingLogout, people []visitor) (int, error) {
	if asked == nil {
		return -1, nil
	}
	for i, v := range people {
		means, err := asked.Means(ctx, v.Subject)
		if err != nil || means || !asked.Confirmed() && asked.LogoutHint() != "" && asked.LogoutHint() == v.Name {
			return i, err
		}
	}
	return -1, nil
}

// logoutFormPurpose ties the form to the request that it answers.
func logoutFormPurpose(asked *server.PendingLogout) string {
	if asked == nil {
		return logoutPurpose
	}
	return logoutPurpose + " " + asked.Handle()
}

// Logout signs one account out of the browser, or every one. Where there is none
// nothing happens, no cookie is touched, and the page is the same: another site's
// form comes without the cookie and must not be able to take it away.
func (p operations) Logout(ctx context.Context, in *gen.LogoutInput) (gen.LogoutOutput, error) {
	asked, err := p.askedLogout(ctx, in.Form.Request)
	if err != nil {
		return nil, err
	}
	sessions, err := p.sessions.all(ctx, in.HTTP)
	if err != nil {
		return nil, err
	}
	if len(sessions) == 0 {
		return logoutAnswer(p.signOut(ctx, in.HTTP, asked, nil, nil))
	}
	if !p.sessions.checkForm(in.HTTP, logoutFormPurpose(asked), in.Form.CSRF) {
		return nil, errSessionForm
	}
	chosen := sessions
	if in.Form.Account != "" {
		chosen = slices.DeleteFunc(slices.Clone(sessions), func(s store.Session) bool { return s.ID != in.Form.Account })
	}
	return logoutAnswer(p.signOut(ctx, in.HTTP, asked, sessions, chosen))
}

// A farewell is what the browser gets after a logout.
type farewell struct {
	cookies  []string
	location string // where it goes; empty: it shows body
	body     []byte
	policy   string
	refresh  string // where it goes from body, when that is all there; empty: nowhere
}

// signOut ends some of the sessions of the browser, and says so or sends it back
// to the client that asked. The server is told first: what fails there leaves the
// person signed in, to try again.
func (p *pages) signOut(ctx context.Context, r *http.Request, asked *server.PendingLogout, sessions, ending []store.Session) (farewell, error) {
	ends := make([]server.SessionEnd, len(ending))
	for i, session := range ending {
		ends[i] = server.SessionEnd{Subject: session.Subject, SessionID: session.ID}
	}
	done, err := p.server.CompleteLogout(ctx, asked, ends...)
	if err != nil {
		return farewell{}, err
	}
	var out farewell
	if len(ending) > 0 {
		out.cookies = append(done.SetCookie(), p.sessions.without(r, ending))
	}
	if out.location = done.Location(); out.location != "" && len(done.Frontchannel()) == 0 {
		return out, nil
	}
	view := signedOutView{frame: p.painter.frame, Action: p.at.path + gen.PathAppsPage, Others: len(sessions) > len(ending)}
	out.policy = p.tellInFrames(&view, done)
	if out.location != "" {
		view.Next, view.Host = template.URL(out.location), shown(asked.RedirectHost(), maxHost) // checked against the registration
		out.refresh, out.location = afterFrames+out.location, ""
	}
	out.body, err = p.paintedFor(r, wantedLocales(asked)).paint(signedOutFile, view)
	return out, err
}

// afterFrames is how the browser goes on when every frame was loaded, without a
// script: the time of a refresh counts from when the page is completely loaded, its
// frames included (HTML Standard, "shared declarative refresh steps"), and a second
// is for what the clients' own scripts do then. It is a header, so that templates of
// an operator cannot lose it. A client that hangs holds it up; the page has a link
// for who does not want to wait.
const afterFrames = "1; url="

// tellInFrames puts a frame for each client that is told in the browser onto the page
// (OpenID Connect Front-Channel Logout §3), and returns the policy that lets these
// origins in, and nothing else.
func (p *pages) tellInFrames(view *signedOutView, done server.LoggedOut) (policy string) {
	var origins []string
	for _, told := range done.Frontchannel() {
		view.Frames = append(view.Frames, logoutFrameView{
			Name: newClientView(told.ClientID, told.ClientName, false).Name,
			URI:  template.URL(told.URI), // checked at registration, and to stay byte for byte
		})
		if !slices.Contains(origins, told.Origin) {
			origins = append(origins, told.Origin)
		}
	}
	return framing(p.painter.policy("'self'"), origins)
}

func logoutPageAnswer(f farewell, err error) (gen.LogoutPageOutput, error) {
	if err != nil {
		return nil, err
	}
	if f.location != "" {
		return gen.LogoutPage303{Location: f.location, SetCookie: f.cookies}, nil
	}
	return gen.LogoutPage200{Refresh: f.refresh, ContentSecurityPolicy: f.policy, SetCookie: f.cookies, Body: f.body}, nil
}

func logoutAnswer(f farewell, err error) (gen.LogoutOutput, error) {
	if err != nil {
		return nil, err
	}
	if f.location != "" {
		return gen.Logout303{Location: f.location, SetCookie: f.cookies}, nil
	}
	return gen.Logout200{Refresh: f.refresh, ContentSecurityPolicy: f.policy, SetCookie: f.cookies, Body: f.body}, nil
}
