package transcript

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/internal/oracle"
)

// A Snapshot reads what the store of a server under test holds.
type Snapshot func(context.Context) (oracle.State, error)

// A before is what was there when a request was sent.
type before struct {
	secrets []string
	state   oracle.State
	logged  int // bytes of the log
}

// remember notes what is there before a request is sent, and the secrets in it.
func (p *player) remember(r *http.Request) error {
	body, err := r.GetBody()
	if err != nil {
		return err
	}
	sent, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	secrets := oracle.Sent(r.Header, r.URL.RawQuery, string(sent))
	p.secrets = append(p.secrets, secrets...)
	state, err := p.snapshot(r.Context())
	p.before = before{secrets, state, len(p.server.Log.String())}
	return err
}

// note keeps the secrets of an answer, and whether its request can succeed.
func (p *player) note(r *http.Request) {
	_, query, _ := strings.Cut(p.heard.Header.Get("Location"), "?")
	p.secrets = append(p.secrets, oracle.Sent(nil, query, p.heard.Body)...)
	if !p.asked {
		return
	}
	what := endpoint(r, p.heard.Status)
	p.heardWell[what] = p.heardWell[what] || !p.heard.Negative()
}

// host is where the issuer is.
func (p *player) host() string {
	_, after, _ := strings.Cut(p.issuer, "://")
	host, _, _ := strings.Cut(after, "/")
	return host
}

// endpoint names what a request asks: a method and a path, of which that of a
// client stands for all; or anything, where there is nothing to ask.
func endpoint(r *http.Request, status int) string {
	if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		return "everything"
	}
	path := r.URL.Path
	if before, _, ok := strings.Cut(path, "/register/"); ok {
		path = before + "/register/{client_id}"
	}
	return r.Method + " " + r.URL.Host + path
}

// oracle holds the response to a request against what is true of all of them: it
// goes nowhere unseen, and when it says no, it says exactly which, repeats nothing
// and changes nothing but what the state section behind it says.
func (p *player) oracle(written, next step) error {
	var faults []string
	location := p.heard.Header.Get("Location")
	if location != "" && !slices.ContainsFunc(written.lines, func(l string) bool { return strings.HasPrefix(l, "Location:") }) {
		faults = append(faults, "Location "+location+" is not written")
	}
	if p.heard.Negative() {
		faults = append(faults, p.heard.Faults()...)
		faults = append(faults, p.heard.Leaks(p.before.secrets)...)
		after, err := p.snapshot(context.Background())
		if err != nil {
			return err
		}
		faults = append(faults, oracle.Unexpected(oracle.Changed(p.before.state, after), changes(next))...)
		if !exact(p.heard.Answer, written.lines) {
			faults = append(faults, "which error it is, is not written")
		}
	}
	faults = append(faults, oracle.Leaks("log", p.server.Log.String()[p.before.logged:], p.before.secrets)...)
	return asError(faults)
}

// exact reports whether a response section says which error a response is. A page
// has none: its words are the Interaction's.
func exact(a oracle.Answer, lines []string) bool {
	isPage := strings.HasPrefix(a.Header.Get("Content-Type"), "text/html")
	return isPage || slices.ContainsFunc(lines, func(l string) bool {
		return l == "active: false" || l == "empty" ||
			(strings.HasPrefix(l, "error: ") || strings.HasPrefix(l, "?error=")) && !strings.Contains(l, "*")
	})
}

// changes reads which kinds of records a state section says that the request
// before it has changed.
func changes(s step) []string {
	var kinds []string
	for _, line := range s.lines {
		if list, ok := strings.CutPrefix(line, changed); ok && s.kind == "state" {
			kinds = append(kinds, strings.Fields(list)...)
		}
	}
	return kinds
}

// changed begins the line of a state section that changes reads.
const changed = "the refusal changed "

// end is what holds of a whole conversation: no secret of any request or answer
// is in the log.
func (p *player) end() error {
	return asError(oracle.Leaks("log", p.server.Log.String(), p.secrets))
}

func asError(faults []string) error {
	if len(faults) == 0 {
		return nil
	}
	return errors.New(strings.Join(faults, "\n"))
}

// checkControls wants for each refused request, by method and path, one in the same
// transcript that is not: what is refused always proves nothing about the reason.
// What is given counts, since it was asked for like anything else.
func (p *player) checkControls() error {
	for _, ok := range p.heardWell {
		p.heardWell["everything"] = p.heardWell["everything"] || ok
	}
	for what, ok := range p.heardWell {
		if !ok {
			return fmt.Errorf("%s is only ever refused: no request shows that it can succeed", what)
		}
	}
	return nil
}
