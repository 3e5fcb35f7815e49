package interact

import (
	"context"
	"crypto/hmac"
	"slices"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/server"
)

// otherAccount stands in the place of a session's id for an account that is not
// signed in at the browser. No session has this id: theirs are longer.
const otherAccount = "other"

// A step is what a request needs next.
type step int

const (
	stepSignIn step = iota // somebody has to sign in
	stepChoose             // one of several accounts has to be chosen
	stepGoOn               // the account is known and its sign-in does
)

// failure is what the client is told where nobody may be asked.
func (s step) failure() server.AuthenticationError {
	if s == stepChoose {
		return server.AccountSelectionRequired
	}
	return server.LoginRequired
}

// chooseAccount decides which of the people at a browser a request is for (OpenID
// Connect Core §3.1.2.3), and what that needs: whom the request or its hint names,
// or the only one there is. With several, and wherever the client wants a choice,
// the person chooses. account is the choice that was made, if any.
func chooseAccount(pending *server.Pending, people []candidate, account string) (candidate, step) {
	find := func(is func(candidate) bool) int { return slices.IndexFunc(people, is) }
	if account != "" {
		if i := find(func(v candidate) bool { return v.session.ID == account }); i >= 0 {
			return people[i], people[i].signIn()
		}
		return candidate{}, stepSignIn
	}
	if i := find(func(v candidate) bool { return v.wanted }); i >= 0 {
		return people[i], people[i].signIn()
	}
	switch {
	case len(people) == 0:
		return candidate{}, stepSignIn
	case pending.Asks(server.PromptSelectAccount):
		return candidate{}, stepChoose
	}
	if i := find(func(v candidate) bool { return pending.LoginHint() != "" && v.Name == pending.LoginHint() }); i >= 0 {
		return people[i], people[i].signIn()
	}
	if len(people) > 1 {
		return candidate{}, stepChoose
	}
	return people[0], people[0].signIn()
}

// signIn tells whether somebody has to sign in again. What no sign-in can meet is
// for the consent page to tell.
func (c candidate) signIn() step {
	if c.lacks == server.LoginRequired {
		return stepSignIn
	}
	return stepGoOn
}

// ChooseAccount goes on with the account that the person chose. The form is bound
// to the browser and the request, and names a session by its id, which is of no use
// without the cookie.
func (p operations) ChooseAccount(ctx context.Context, in *gen.ChooseAccountInput) (gen.ChooseAccountOutput, error) {
	pending, err := p.server.Pending(ctx, in.HTTP, in.Form.Request)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(in.Form.CSRF), []byte(pending.CSRFToken())) {
		return nil, errForm
	}
	people, err := p.candidates(ctx, in.HTTP, pending)
	if err != nil {
		return nil, err
	}
	who, next := chooseAccount(pending, people, in.Form.Account)
	if next != stepGoOn {
		return gen.ChooseAccount303{Location: p.at.loginAs(pending.Handle(), in.Form.Account)}, nil
	}
	out := gen.ChooseAccount303{Location: p.at.page(gen.PathConsentPage, pending.Handle())}
	if cookie := p.sessions.choose(in.HTTP, who.session); cookie != "" {
		out.SetCookie = append(p.server.ChangeUserAgentState(), cookie)
	}
	return out, nil
}

// accountsForm shows who is signed in at the browser.
func (p *pages) accountsForm(e errand, people []candidate) (gen.LoginPageOutput, error) {
	view := accountsView{
		frame: p.painter.frame, Action: p.at.path + gen.PathChooseAccount, Request: e.handle, CSRF: e.csrf,
		Client: describeClient(e.pending), Other: otherAccount,
	}
	for _, v := range people {
		view.Accounts = append(view.Accounts, accountView{v.session.ID, shown(v.Name, maxAccountName)})
	}
	body, err := e.painter.paint(accountsFile, view)
	if err != nil {
		return nil, err
	}
	return gen.LoginPage200{ContentSecurityPolicy: p.loginPolicy(e), SetCookie: e.cookies, Body: body}, nil
}

// notice tells somebody who is signed in why they have to sign in all the same.
func (e errand) notice(people []candidate) string {
	if e.pending == nil || len(people) == 0 {
		return ""
	}
	if e.pending.Names() && !slices.ContainsFunc(people, func(c candidate) bool { return c.wanted }) {
		return "The application asks for another account than the one that is signed in here."
	}
	return ""
}
