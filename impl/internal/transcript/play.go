package transcript

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/internal/oracle"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// A player is in the middle of a transcript.
type player struct {
	t       testing.TB
	server  *servertest.Server
	http    *http.Client
	issuer  string
	values  values
	clients map[string]servertest.Client
	keys    map[string]*jose.Key // of clients

	resources map[string]http.Handler // by host
	documents *documents              // nil: there are none

	last    message        // the last request, for "again"
	heard   heard          // the last response
	asked   bool           // it answers a request, not a person
	waiting string         // where the browser was last sent to ask a person
	cookies []*http.Cookie // of that browser

	snapshot  Snapshot
	before    before          // the last request
	secrets   []string        // of all requests and answers
	heardWell map[string]bool // method and path: whether any answer was not negative
}

// Play plays a transcript against a new server over st, on TCP, and returns the
// first thing that was not as it is written, or that no refusal may be. snapshot
// reads st. That a response is not what openapi.yaml says fails t.
func Play(t testing.TB, tr Transcript, st store.Store, snapshot Snapshot) error {
	t.Helper()
	var lines []string
	steps := tr.steps
	if steps[0].kind == "server" {
		lines, steps = steps[0].lines, steps[1:]
	}
	configured, err := configure(lines)
	if err != nil {
		return err
	}
	p, err := newPlayer(t, st, configured)
	if err != nil {
		return err
	}
	p.snapshot = snapshot
	for i, s := range steps {
		err := p.step(s)
		if s.kind == "response" && p.asked {
			var next step
			if i+1 < len(steps) {
				next = steps[i+1]
			}
			err = errors.Join(err, p.oracle(s, next))
		}
		if err != nil {
			return fmt.Errorf("%s %q, step %d: %w", s.kind, s.note, i+1+len(tr.steps)-len(steps), err)
		}
	}
	return errors.Join(p.end(), p.checkControls())
}

func newPlayer(t testing.TB, st store.Store, s setup) (*player, error) {
	t.Helper()
	p := &player{t: t, clients: map[string]servertest.Client{}, keys: map[string]*jose.Key{}, heardWell: map[string]bool{}, resources: map[string]http.Handler{}}
	p.server = servertest.New(t, st, func(cfg *server.Config) {
		now := cfg.Now
		cfg.Interaction = func(srv *server.Server) (server.Interaction, error) { return pages{srv, now, s.signUp}, nil }
		for _, change := range s.changes {
			change(cfg)
		}
		if s.documents {
			p.startDocuments(cfg)
		}
		p.issuer = cfg.Issuer
	})
	p.values = baseValues(p.issuer)
	if p.documents != nil {
		p.values["docs"] = p.documents.URL
	}
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if resource, ok := p.resources[r.Host]; ok {
			resource.ServeHTTP(w, r)
			return
		}
		p.server.ServeHTTP(w, r)
	}))
	t.Cleanup(listener.Close)
	transport := dial(listener.Listener)
	t.Cleanup(transport.CloseIdleConnections)
	p.http = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, r := range s.protects {
		if err := p.guard(r, listener.Listener); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// dial connects to the test whatever the URL says: the name in it is the issuer's
// or the resource's.
func dial(to net.Listener) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", to.Addr().String())
	}}
}

func (p *player) step(s step) error {
	switch s.kind {
	case "given":
		return each(s.lines, p.given)
	case "state":
		return each(s.lines, p.state)
	case "clock":
		d, err := time.ParseDuration(strings.TrimPrefix(s.lines[0], "+"))
		p.server.Clock.Move(d)
		return err
	case "request":
		m, err := readMessage(s.lines)
		if err != nil {
			return err
		}
		p.last = m
		return p.send(m)
	case "again":
		m := p.last
		if err := m.change(s.lines); err != nil {
			return err
		}
		return p.send(m)
	case "answer":
		return p.answer(s.lines[0])
	case "jwt":
		return p.jwt(s.lines)
	case "sign":
		return p.sign(s.lines)
	case "encrypt":
		return each(s.lines, p.encrypt)
	case "form":
		return p.heard.checkForm(s.lines, p.values)
	case "response":
		return p.heard.check(s.lines, p.values)
	case "id_token":
		return p.idToken(s.lines)
	}
	return fmt.Errorf("a section %q here", s.kind)
}

func each(lines []string, f func(string) error) error {
	for _, line := range lines {
		if line == "" {
			continue
		}
		if err := f(line); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

// send sends a message and keeps the response.
func (p *player) send(m message) error {
	origin, err := url.Parse(p.issuer)
	if err != nil {
		return err
	}
	r, err := m.request(p.values, origin.Scheme+"://"+origin.Host)
	if err != nil {
		return err
	}
	return p.do(r, true)
}

func (p *player) do(r *http.Request, protocol bool) error {
	if err := p.remember(r); err != nil {
		return err
	}
	res, err := p.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	p.asked = protocol
	if _, elsewhere := p.resources[r.URL.Host]; protocol && !elsewhere {
		openapitest.Validate(p.t, r, res)
	}
	answer, err := oracle.Read(res)
	if err != nil {
		return err
	}
	p.heard = heard{answer}
	p.note(r)
	if to := res.Header.Get("Location"); strings.Contains(to, askPath+"?") || strings.Contains(to, leavePath+"?") {
		p.waiting, p.cookies = to, res.Cookies()
	}
	return nil
}

// answer gives a person's decision in the browser that is waiting.
func (p *player) answer(decision string) error {
	words := strings.Fields(decision)
	if len(words) < 2 || words[1] != "allows" && words[1] != "denies" && words[1] != "leaves" && words[0] != "nobody" {
		return fmt.Errorf("%q is no decision", decision)
	}
	if p.waiting == "" {
		return errors.New("no request is waiting")
	}
	to, err := url.Parse(p.waiting)
	if err != nil {
		return err
	}
	target, err := url.Parse("http" + strings.TrimPrefix(p.issuer, "https"))
	if err != nil {
		return err
	}
	form := url.Values{"request": {to.Query().Get("request")}, "decision": {decision}}
	r, err := http.NewRequest(http.MethodPost, target.String()+to.Path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range p.cookies {
		r.AddCookie(c)
	}
	return p.do(r, false)
}

// state compares what the operator can see:
//
//	token {name} is active    or inactive, or how: revoked, used, expired, unknown, disabled
//	event REASON              it is in the audit trail
//	no event REASON
//	document PATH was fetched N times
//	the refusal changed grants tokens    the kinds of records that the request before changed
func (p *player) state(line string) error {
	if strings.HasPrefix(line, changed) {
		return nil // oracle has read it
	}
	filled, err := p.values.fill(line)
	if err != nil {
		return err
	}
	words := strings.Fields(filled)
	switch {
	case words[0] == "token" && len(words) == 4:
		inspected, err := server.InspectToken(context.Background(), p.server.Store, p.server.Clock.Now(), words[1])
		if err != nil {
			return err
		}
		want := words[3]
		if string(inspected.State) != want && !(want == "inactive" && inspected.State != server.TokenActive) {
			return fmt.Errorf("it is %s", inspected.State)
		}
		return nil
	case words[0] == "document" && len(words) == 6:
		return p.checkFetched(words[1], words[4])
	case words[0] == "event" && len(words) == 2, words[0] == "no" && len(words) == 3:
		happened := false
		for _, reason := range p.server.Reasons() {
			happened = happened || reason == words[len(words)-1]
		}
		if happened != (words[0] == "event") {
			return fmt.Errorf("the audit trail has %v", p.server.Reasons())
		}
		return nil
	}
	return errors.New("no state can be read so")
}
