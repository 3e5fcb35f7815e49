package main

import (
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/server"
)

type user struct {
	ID, Plan string // the ID is never used again for somebody else
	Hash     []byte // bcrypt; a real program also bounds the attempts
}

type pages struct {
	server *server.Server // tells who asks, and ends requests
	users  map[string]user
}

var page = template.Must(template.New("").Parse(`<!doctype html><title>Allow?</title>
<p>{{.ClientName}} (unverified) at {{.RedirectHost}} asks for access.</p>
<form method="post" action="/decide">
<input type="hidden" name="request" value="{{.Handle}}"><input type="hidden" name="csrf" value="{{.CSRFToken}}">
{{range .Scopes}}<label><input type="checkbox" name="scope" value="{{.}}" checked> {{.}}</label>{{end}}
<label>Name <input name="name"></label> <label>Password <input name="password" type="password"></label>
<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></form>`))

func (p pages) Start(_ context.Context, r *server.Pending) (string, error) {
	return p.server.Issuer() + "/decide?request=" + r.Handle(), nil
}

func (p pages) ShowError(w http.ResponseWriter, _ *http.Request, e server.ErrorPage) {
	http.Error(w, e.Description, e.Status)
}

var nobody, _ = bcrypt.GenerateFromPassword([]byte("nobody has this password"), bcrypt.DefaultCost)

// ServeHTTP trusts nothing of the form but the choice: what was asked for, and
// where the answer goes, are in the request that the server kept.
func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<14)
	asked, err := p.server.Pending(r.Context(), r, r.FormValue("request"))
	if err != nil {
		p.server.ShowError(w, r, err)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if asked.Silent() { // prompt=none: nobody may be shown anything, and these pages know nobody
		answer, err := p.server.Fail(r.Context(), asked, server.LoginRequired)
		p.send(w, r, answer, err)
		return
	}
	if r.Method == http.MethodGet {
		_ = page.Execute(w, asked)
		return
	}
	var answer server.Response
	who, known := p.users[r.PostFormValue("name")]
	if !known {
		who.Hash = nobody // the same work as for somebody
	}
	wrong := bcrypt.CompareHashAndPassword(who.Hash, []byte(r.PostFormValue("password"))) != nil
	switch {
	case !asked.CheckCSRF(r.PostFormValue("csrf")):
		err = oauth.InvalidRequest("form_token", "this form is not of this request")
	case r.PostFormValue("decision") == "deny":
		answer, err = p.server.Deny(r.Context(), asked)
	case r.PostFormValue("decision") != "allow", !known, wrong:
		_ = page.Execute(w, asked)
		return
	default:
		allowed := slices.DeleteFunc(slices.Clone(asked.Scopes()), func(s string) bool { return !slices.Contains(r.PostForm["scope"], s) })
		props, _ := json.Marshal(map[string]string{"plan": who.Plan})
		answer, err = p.server.Complete(r.Context(), asked, server.Decision{Subject: who.ID, AuthTime: time.Now(), Scopes: allowed, Props: props})
	}
	p.send(w, r, answer, err)
}

func (p pages) send(w http.ResponseWriter, r *http.Request, answer server.Response, err error) {
	if err != nil {
		p.server.ShowError(w, r, err)
		return
	}
	answer.Send(w) // a redirect, or the page of form_post
}
