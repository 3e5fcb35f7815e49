// Command ownpages is an authorization server with pages and people of the
// program's own, on http://127.0.0.1:8080. Alice signs in with APP_PASSWORD:
//
//	APP_PASSWORD=… go run ./impl/examples/ownpages
package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"html/template"
	"log"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

func main() {
	srv, err := newServer("http://127.0.0.1:8080", os.Getenv("APP_PASSWORD"))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", srv))
}

func newServer(issuer, password string) (*server.Server, error) {
	kek, err := seal.ParseKEK([]byte(seal.GenerateKEK())) // as short-lived as the store
	if err != nil {
		return nil, err
	}
	return server.New(server.Config{
		Issuer: issuer, Store: memory.New(), KeyEncryptionKey: kek,
		Scopes: []string{"notes", "notes:write"}, Registration: server.RegistrationOpen,
		Interaction: func(s *server.Server) (server.Interaction, error) { return pages{s, password}, nil },
	})
}

type pages struct {
	server   *server.Server // tells who asks, and ends requests
	password string         // a program with more people hashes passwords and bounds attempts
}

var page = template.Must(template.New("").Parse(`<!doctype html><title>Allow?</title><p>{{.ClientName}} (unverified) at {{.RedirectHost}} asks for access.</p>
<form method="post" action="/decide"><input type="hidden" name="request" value="{{.Handle}}"><input type="hidden" name="csrf" value="{{.CSRFToken}}"> {{range .Scopes}}<label><input type="checkbox" name="scope" value="{{.}}" checked> {{.}}</label>{{end}}
<label>Name <input name="name"></label> <label>Password <input name="password" type="password"></label> <button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></form>`))

func (p pages) Start(_ context.Context, asked *server.Pending) (string, error) {
	return p.server.Issuer() + "/decide?request=" + asked.Handle(), nil
}

func (p pages) ShowError(w http.ResponseWriter, _ *http.Request, e server.ErrorPage) {
	http.Error(w, e.Description, e.Status)
}

// ServeHTTP trusts nothing of the form but the choice: what was asked for, and
// where the answer goes, are in the request that the server kept.
func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	r.Body = http.MaxBytesReader(w, r.Body, 1<<14)
	asked, err := p.server.Pending(r.Context(), r, r.FormValue("request"))
	known := r.PostFormValue("name") == "alice" && subtle.ConstantTimeCompare([]byte(p.password), []byte(r.PostFormValue("password"))) == 1
	var answer server.Response
	switch choice := r.PostFormValue("decision"); {
	case err != nil: // no such request, or of another browser
	case asked.Silent(): // prompt=none: nobody may be shown anything, and these pages know nobody
		answer, err = p.server.Fail(r.Context(), asked, server.LoginRequired)
	case r.Method != http.MethodGet && !asked.CheckCSRF(r.PostFormValue("csrf")):
		err = oauth.InvalidRequest("form_token", "this form is not of this request")
	case choice == "deny":
		answer, err = p.server.Deny(r.Context(), asked)
	case choice == "allow" && known && p.password != "":
		allowed := slices.DeleteFunc(slices.Clone(asked.Scopes()), func(s string) bool { return !slices.Contains(r.PostForm["scope"], s) })
		answer, err = p.server.Complete(r.Context(), asked, server.Decision{Subject: "user-1", AuthTime: time.Now(), Scopes: allowed, Props: json.RawMessage(`{"plan":"free"}`)})
	default:
		_ = page.Execute(w, asked) // nobody is left to tell
		return
	}
	if err != nil {
		p.server.ShowError(w, r, err)
		return
	}
	answer.Send(w) // a redirect, or the page of form_post
}
