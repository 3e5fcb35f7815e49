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

// SignUpPage asks for the name and the password of a new account (Initiating User
// Registration §4).
func (p operations) SignUpPage(ctx context.Context, in *gen.SignUpPageInput) (gen.SignUpPageOutput, error) {
	if p.cfg.SignUp == nil {
		return nil, errNoSignUp
	}
	e, err := p.errand(ctx, in.HTTP, in.Query.Request)
	if err != nil {
		return nil, err
	}
	body, err := p.paintSignUp(e, e.hint(), "")
	if err != nil {
		return nil, err
	}
	return gen.SignUpPage200{ContentSecurityPolicy: p.loginPolicy(e), SetCookie: e.cookies, Body: body}, nil
}

// SignUp makes an account and signs the browser in to it. The form is bound to the
// browser and the errand, as that of Login is.
//
// That a name is taken is told, since a name is what one chooses: who wants to know
// which names exist can ask here. How often they can is bounded by network, and
// nothing else of an account is told.
func (p operations) SignUp(ctx context.Context, in *gen.SignUpInput) (gen.SignUpOutput, error) {
	if p.cfg.SignUp == nil {
		return nil, errNoSignUp
	}
	e, err := p.errand(ctx, in.HTTP, in.Form.Request)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(in.Form.CSRF), []byte(e.csrf)) {
		return nil, errForm
	}
	id, err := p.create(ctx, in)
	p.recordSignUp(ctx, in.HTTP, e, id, err)
	if err != nil {
		return p.signUpAgain(e, in.Form.Username, err)
	}
	cookies, err := p.signIn(ctx, in.HTTP, id)
	if err != nil {
		return nil, err
	}
	return gen.SignUp303{Location: e.next, SetCookie: cookies}, nil
}

var (
	errNoSignUp         = &gen.Problem{Status: http.StatusNotFound, Code: "invalid_request", Reason: "there is nothing at this path"}
	errSignUpIncomplete = errors.New("user name or one of the passwords is missing")
	errPasswordsDiffer  = errors.New("the passwords differ")
)

func (p *pages) create(ctx context.Context, in *gen.SignUpInput) (Identity, error) {
	switch {
	case in.Form.Username == "" || in.Form.Password == "" || in.Form.PasswordAgain == "":
		return Identity{}, errSignUpIncomplete
	case !hmac.Equal([]byte(in.Form.Password), []byte(in.Form.PasswordAgain)):
		return Identity{}, errPasswordsDiffer
	}
	if err := p.attempts.countSignUp(ctx, p.cfg.Peer(in.HTTP)); err != nil {
		return Identity{}, err
	}
	id, err := p.cfg.SignUp(ctx, in.Form.Username, in.Form.Password)
	if err == nil && id.Subject == "" {
		err = errors.New("Config.SignUp returned an Identity without a Subject")
	}
	return id, err
}

// recordSignUp tells the audit trail of an account that was made, or of a network
// that tries too often. The name is not in it, as in record.
func (p *pages) recordSignUp(ctx context.Context, r *http.Request, e errand, id Identity, err error) {
	reason := "account_created"
	if err != nil {
		if _, guessing := errors.AsType[*TooManyAttempts](err); !guessing {
			return
		}
		reason = "sign_up_throttled"
	}
	p.emit(ctx, r, store.Event{Reason: reason, ClientID: e.client(), Subject: id.Subject})
}

// signUpAgain shows the form with what was wrong.
func (p *pages) signUpAgain(e errand, username string, cause error) (gen.SignUpOutput, error) {
	status, problem, wait := http.StatusOK, "", time.Duration(0)
	tooMany, guessing := errors.AsType[*TooManyAttempts](cause)
	unusable, chosen := errors.AsType[*UnusableError](cause)
	switch {
	case guessing:
		status, wait = http.StatusTooManyRequests, tooMany.Wait
		problem = fmt.Sprintf("There were too many attempts to create an account. Try again in %s.", inWords(wait))
	case errors.Is(cause, ErrNameTaken):
		problem = "Somebody has this user name already. Choose another."
	case errors.Is(cause, errSignUpIncomplete):
		problem = "Enter a user name, and your password twice."
	case errors.Is(cause, errPasswordsDiffer):
		problem = "The two passwords are not the same."
	case errors.Is(cause, ErrPasswordTooLong):
		status, problem = http.StatusBadRequest, "The password is too long: at most 1024 bytes are accepted."
	case chosen:
		problem = unusable.Problem
	default:
		return nil, cause
	}
	body, err := p.paintSignUp(e, shown(username, maxAccountName), problem)
	if err != nil {
		return nil, err
	}
	policy := p.loginPolicy(e)
	if status != http.StatusOK {
		return nil, &refusedForm{status, body, policy, wait}
	}
	return gen.SignUp200{ContentSecurityPolicy: policy, Body: body}, nil
}

func (p *pages) paintSignUp(e errand, username, problem string) ([]byte, error) {
	view := signUpView{
		frame:    p.painter.frame,
		Action:   p.at.path + gen.PathSignUpPage,
		Request:  e.handle,
		CSRF:     e.csrf,
		Username: username,
		Problem:  problem,
		Login:    p.at.path + gen.PathLoginPage,
		Other:    otherAccount,
	}
	if e.pending == nil {
		view.Own = true
	} else {
		view.Client = describeClient(e.pending)
	}
	return e.painter.paint(signUpFile, view)
}

// signsUp reports whether the client wants an account made rather than one used,
// and the person has not said that they have one (Initiating User Registration §4).
func signsUp(pending *server.Pending, account string) bool {
	return account == "" && pending.Asks(server.PromptCreate)
}
