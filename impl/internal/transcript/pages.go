package transcript

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/server"
)

// pages is the Interaction of a server under test: a form that nobody sees, and
// that the runner answers in the browser's name.
type pages struct {
	server *server.Server
	now    func() time.Time // when people sign in
	signUp bool             // people can create accounts
}

// askPath is where the waiting request is answered.
const askPath = "/ask"

func (pages) Start(_ context.Context, p *server.Pending) (string, error) {
	return askPath + "?request=" + p.Handle(), nil
}

// leavePath is where a waiting logout request is answered.
const leavePath = "/leave"

// StartLogout implements server.LogoutInteraction.
func (pages) StartLogout(_ context.Context, p *server.PendingLogout) (string, error) {
	return leavePath + "?request=" + p.Handle(), nil
}

func (pages) ShowError(w http.ResponseWriter, _ *http.Request, e server.ErrorPage) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(e.Status)
	io.WriteString(w, "<!doctype html><title>"+e.Code+"</title><p>"+e.Description+" "+e.Reference)
}

// Offers implements server.Offering.
func (p pages) Offers() server.Offers {
	prompts := []string{server.PromptNone, server.PromptLogin, server.PromptConsent, server.PromptSelectAccount}
	if p.signUp {
		prompts = append(prompts, server.PromptCreate)
	}
	return server.Offers{Prompts: prompts, ACRValues: []string{"silver", "gold"}}
}

// ServeHTTP takes the person's decision: "alice allows", "alice allows read" or
// "alice denies". alice signed in now, alice@10m ten minutes ago, alice@10m/gold in
// that class. Where nobody is asked it is "nobody login_required", or another
// error of OpenID Connect Core §3.1.2.6.
//
// Of a logout request it is "alice leaves", which ends session-of-alice.
func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == leavePath {
		p.leave(w, r)
		return
	}
	if r.URL.Path != askPath {
		p.ShowError(w, r, server.ErrorPage{Status: http.StatusNotFound, Code: "invalid_request", Description: "there is no such page"})
		return
	}
	waiting, err := p.server.Pending(r.Context(), r, r.FormValue("request"))
	if err != nil {
		p.server.ShowError(w, r, err)
		return
	}
	response, err := p.decide(r.Context(), waiting, strings.Fields(r.FormValue("decision")))
	if err != nil {
		p.server.ShowError(w, r, err)
		return
	}
	response.Send(w)
}

func (p pages) leave(w http.ResponseWriter, r *http.Request) {
	subject, _, _ := strings.Cut(r.FormValue("decision"), " ")
	waiting, err := p.server.PendingLogout(r.Context(), r.FormValue("request"))
	if err != nil {
		p.server.ShowError(w, r, err)
		return
	}
	done, err := p.server.CompleteLogout(r.Context(), waiting, server.SessionEnd{Subject: subject, SessionID: "session-of-" + subject})
	if err != nil {
		p.server.ShowError(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if done.Location() == "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<!doctype html><title>Signed out</title>")
		return
	}
	w.Header().Set("Location", done.Location())
	w.WriteHeader(http.StatusSeeOther)
}

func (p pages) decide(ctx context.Context, waiting *server.Pending, words []string) (server.Response, error) {
	switch {
	case words[1] == "denies":
		return p.server.Deny(ctx, waiting)
	case words[0] == "nobody":
		return p.server.Fail(ctx, waiting, server.AuthenticationError(words[1]))
	}
	signIn, acr, _ := strings.Cut(words[0], "/")
	subject, ago, _ := strings.Cut(signIn, "@")
	d := server.Decision{Subject: subject, AuthTime: p.now(), ACR: acr, SessionID: "session-of-" + subject}
	if ago != "" {
		age, err := time.ParseDuration(ago)
		if err != nil {
			return server.Response{}, err
		}
		d.AuthTime = d.AuthTime.Add(-age)
	}
	if len(words) > 2 {
		d.Scopes = words[2:]
	}
	return p.server.Complete(ctx, waiting, d)
}
