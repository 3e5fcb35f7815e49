package interact

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// LoginPage asks who the person is, unless the browser knows; or which of the
// accounts at the browser is meant.
func (p operations) LoginPage(ctx context.Context, in *gen.LoginPageInput) (gen.LoginPageOutput, error) {
	e, err := p.errand(ctx, in.HTTP, in.Query.Request)
	if err != nil {
		return nil, err
	}
	if e.pending == nil {
		_, signedIn, err := p.visitor(ctx, in.HTTP)
		if err != nil {
			return nil, err
		}
		if signedIn {
			return gen.LoginPage303{Location: e.next}, nil
		}
		return p.loginForm(e, "", "")
	}
	if signsUp(e.pending, in.Query.Account) {
		return gen.LoginPage303{Location: p.at.page(gen.PathSignUpPage, e.handle)}, nil
	}
	people, err := p.candidates(ctx, in.HTTP, e.pending)
	if err != nil {
		return nil, err
	}
	who, step := chooseAccount(e.pending, people, in.Query.Account)
	if step != stepGoOn && e.pending.Silent() {
		return p.failSilently(ctx, e.pending, step.failure())
	}
	switch step {
	case stepGoOn:
		out := gen.LoginPage303{Location: e.next}
		if cookie := p.sessions.choose(in.HTTP, who.session); cookie != "" {
			out.SetCookie = []string{cookie}
		}
		return out, nil
	case stepChoose:
		return p.accountsForm(e, people)
	default:
		if p.cfg.Upstream != nil {
			return p.questionBeforeSignIn(e)
		}
		return p.loginForm(e, who.Name, e.notice(people))
	}
}

// loginForm shows the form, with the name of who is to sign in again, or the
// client's guess.
func (p *pages) loginForm(e errand, name, notice string) (gen.LoginPageOutput, error) {
	if name == "" {
		name = e.hint()
	}
	body, err := p.paintLogin(e, shown(name, maxAccountName), notice, "")
	if err != nil {
		return nil, err
	}
	return gen.LoginPage200{ContentSecurityPolicy: p.loginPolicy(e), SetCookie: e.cookies, Body: body}, nil
}

// failSilently ends a request that nobody may be asked about, or that nobody can meet.
func (p *pages) failSilently(ctx context.Context, pending *server.Pending, why server.AuthenticationError) (gen.LoginPageOutput, error) {
	response, err := p.server.Fail(ctx, pending, why)
	if err != nil {
		return nil, err
	}
	if page, policy := response.Page(); page != nil {
		return gen.LoginPage200{ContentSecurityPolicy: policy, SetCookie: response.SetCookie(), Body: page}, nil
	}
	return gen.LoginPage303{Location: response.Location(), SetCookie: response.SetCookie()}, nil
}

// Login checks name and password and signs the browser in. The form is bound to
// the browser and the errand, so nobody can sign somebody else's browser in to an
// account of theirs.
func (p operations) Login(ctx context.Context, in *gen.LoginInput) (gen.LoginOutput, error) {
	e, err := p.errand(ctx, in.HTTP, in.Form.Request)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(in.Form.CSRF), []byte(e.csrf)) {
		return nil, errForm
	}
	if p.cfg.Upstream != nil {
		location, err := p.cfg.Upstream.Begin(ctx, p.attempt(e, nil, nil))
		return gen.Login303{Location: location}, p.explainUpstream(ctx, err)
	}
	id, err := p.authenticate(ctx, in)
	p.record(ctx, in.HTTP, e, id, err)
	if err != nil {
		return p.loginAgain(e, in.Form.Username, err)
	}
	cookies, err := p.signIn(ctx, in.HTTP, id)
	if err != nil {
		return nil, err
	}
	return gen.Login303{Location: e.next, SetCookie: cookies}, nil
}

// signIn signs id in at the browser of r and returns the cookies: that of the
// session, and the one by which the clients there find out (Session Management
// §3.2).
func (p *pages) signIn(ctx context.Context, r *http.Request, id Identity) (setCookie []string, err error) {
	cookie, err := p.sessions.start(ctx, r, id)
	if err != nil {
		return nil, err
	}
	return append(p.server.ChangeUserAgentState(), cookie), nil
}

// record tells the audit trail how an attempt to sign in ended. The name that was
// typed is not in it: people type passwords there.
func (p *pages) record(ctx context.Context, r *http.Request, e errand, id Identity, err error) {
	reason := "login_succeeded"
	switch _, guessing := errors.AsType[*TooManyAttempts](err); {
	case guessing:
		reason = "login_throttled"
	case errors.Is(err, ErrCredentials):
		reason = "login_failed"
	case err != nil:
		return // a malformed attempt, or the server's own trouble, which is logged
	}
	p.emit(ctx, r, store.Event{Reason: reason, ClientID: e.client(), Subject: id.Subject})
}

// emit adds who sent r to the event.
func (p *pages) emit(ctx context.Context, r *http.Request, event store.Event) {
	if addr := p.cfg.Peer(r); addr.IsValid() {
		event.Address = addr.String()
	}
	p.server.Emit(ctx, event)
}

// errIncomplete is a form with an empty field.
var errIncomplete = errors.New("user name or password is missing")

func (p *pages) authenticate(ctx context.Context, in *gen.LoginInput) (Identity, error) {
	if in.Form.Username == "" || in.Form.Password == "" {
		return Identity{}, errIncomplete
	}
	if err := p.attempts.count(ctx, p.cfg.Peer(in.HTTP)); err != nil {
		return Identity{}, err
	}
	id, err := p.cfg.Accounts.Authenticate(ctx, in.Form.Username, in.Form.Password)
	if err != nil {
		return Identity{}, err
	}
	if id.Subject == "" {
		return Identity{}, errors.New("Accounts.Authenticate returned an Identity without a Subject")
	}
	return id, nil
}

// loginAgain shows the form with what was wrong. The page is the same for every
// account and for none.
func (p *pages) loginAgain(e errand, username string, cause error) (gen.LoginOutput, error) {
	status, problem, wait := http.StatusOK, "", time.Duration(0)
	tooMany, guessing := errors.AsType[*TooManyAttempts](cause)
	switch {
	case guessing:
		status, wait = http.StatusTooManyRequests, tooMany.Wait
		problem = fmt.Sprintf("There were too many attempts to sign in. Try again in %s.", inWords(wait))
	case errors.Is(cause, ErrCredentials):
		problem = "The user name or the password is wrong."
	case errors.Is(cause, errIncomplete):
		problem = "Enter your user name and your password."
	case errors.Is(cause, ErrPasswordTooLong):
		status, problem = http.StatusBadRequest, "The password is too long: at most 1024 bytes are accepted."
	default:
		return nil, cause
	}
	body, err := p.paintLogin(e, shown(username, maxAccountName), "", problem)
	if err != nil {
		return nil, err
	}
	policy := p.loginPolicy(e)
	if status != http.StatusOK {
		return nil, &refusedForm{status, body, policy, wait}
	}
	return gen.Login200{ContentSecurityPolicy: policy, Body: body}, nil
}

// inWords rounds up: who comes back when told is not refused again.
func inWords(d time.Duration) string {
	if d <= time.Minute {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", int((d+time.Minute-1)/time.Minute))
}

func (p *pages) paintLogin(e errand, username, notice, problem string) ([]byte, error) {
	view := loginView{
		frame:    p.painter.frame,
		Action:   p.at.path + gen.PathLoginPage,
		Request:  e.handle,
		CSRF:     e.csrf,
		Username: username,
		Notice:   notice,
		Problem:  problem,
		Upstream: p.upstreamName(),
	}
	if p.cfg.SignUp != nil {
		view.SignUp = p.at.path + gen.PathSignUpPage
	}
	if e.pending == nil {
		view.Own = true
	} else {
		view.Client = describeClient(e.pending)
	}
	return e.painter.paint(loginFile, view)
}
