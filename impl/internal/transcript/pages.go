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
}

// askPath is where the waiting request is answered.
const askPath = "/ask"

func (pages) Start(_ context.Context, p *server.Pending) (string, error) {
	return askPath + "?request=" + p.Handle(), nil
}

func (pages) ShowError(w http.ResponseWriter, _ *http.Request, e server.ErrorPage) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(e.Status)
	io.WriteString(w, "<!doctype html><title>"+e.Code+"</title><p>"+e.Description+" "+e.Reference)
}

// ServeHTTP takes the person's decision: "alice allows", "alice allows read" or
// "alice denies".
func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != askPath {
		p.ShowError(w, r, server.ErrorPage{Status: http.StatusNotFound, Code: "invalid_request", Description: "there is no such page"})
		return
	}
	waiting, err := p.server.Pending(r.Context(), r, r.FormValue("request"))
	if err != nil {
		p.server.ShowError(w, r, err)
		return
	}
	location, err := p.decide(r.Context(), waiting, strings.Fields(r.FormValue("decision")))
	if err != nil {
		p.server.ShowError(w, r, err)
		return
	}
	http.Redirect(w, r, location, http.StatusSeeOther)
}

func (p pages) decide(ctx context.Context, waiting *server.Pending, words []string) (string, error) {
	if words[1] == "denies" {
		return p.server.Deny(ctx, waiting)
	}
	d := server.Decision{Subject: words[0], AuthTime: p.now()}
	if len(words) > 2 {
		d.Scopes = words[2:]
	}
	return p.server.Complete(ctx, waiting, d)
}
