package rotation

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A gate holds every store call of a request until the walk gets there.
type gate struct{ store.Store }

// A held is what one request does, from outside.
type held struct {
	calls   chan phase // the call that it is about to make
	release chan bool  // whether the call is made; false: the replica has died
	answer  chan *http.Response
}

type heldKey struct{}

var errDied = fmt.Errorf("%w: the replica has died", store.ErrUnavailable)

// pass waits for its turn. Calls of no request pass.
func pass(ctx context.Context, call phase) error {
	h, ok := ctx.Value(heldKey{}).(*held)
	if !ok {
		return nil
	}
	h.calls <- call
	if !<-h.release {
		return errDied
	}
	return nil
}

func (g gate) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	if err := pass(ctx, readToken); err != nil {
		return store.Token{}, store.Grant{}, err
	}
	return g.Store.Token(ctx, d)
}

func (g gate) ConsumeToken(ctx context.Context, c store.Consumption) error {
	if err := pass(ctx, consume); err != nil {
		return err
	}
	return g.Store.ConsumeToken(ctx, c)
}

func (g gate) RevokeGrants(ctx context.Context, f store.GrantFilter, at time.Time) (int, error) {
	if err := pass(ctx, endGrant); err != nil {
		return 0, err
	}
	return g.Store.RevokeGrants(ctx, f, at)
}

// call is the store call that a phase of the model stands for; idle: none.
func (p phase) call() phase {
	switch p {
	case readToken, readSuccessor, readAgain, readRevoked:
		return readToken
	case consume:
		return consume
	case endGrant, revoke:
		return endGrant
	}
	return idle
}

// A play is a walk on the real server.
type play struct {
	t        *testing.T
	server   *servertest.Server
	client   servertest.Client
	names    [maxTokens]string // of the refresh tokens
	requests [maxRequests]*held
	path     []step
}

// A divergence is where the server does not do what the model does.
type divergence struct{ text string }

func (p *play) diverge(format string, args ...any) {
	var path strings.Builder
	for _, s := range p.path {
		fmt.Fprintf(&path, "  %v\n", s)
	}
	panic(divergence{fmt.Sprintf(format+"\n%s", append(args, path.String())...)})
}

// begin sends a request, and sees that it comes to the store call that the model
// says.
func (p *play) begin(at step) {
	form, path := p.client.Refresh(p.names[at.token], nil), "/token"
	if at.event == ownerRevoke {
		form, path = url.Values{"token": {p.names[at.token]}, "client_id": {p.client.ID}}, "/revoke"
	}
	h := &held{make(chan phase), make(chan bool), make(chan *http.Response, 1)}
	p.requests[at.request] = h
	r := httptest.NewRequest(http.MethodPost, servertest.Issuer+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r = r.WithContext(context.WithValue(r.Context(), heldKey{}, h))
	go func() { h.answer <- p.server.Do(r) }()
}

// arrives sees that a request is where the model has it.
func (p *play) arrives(i int8, want request) {
	p.t.Helper()
	h := p.requests[i]
	select {
	case call := <-h.calls:
		if call != want.phase.call() {
			p.diverge("request %d makes call %d, the model call %d", i, call, want.phase.call())
		}
	case res := <-h.answer:
		if want.phase != answer {
			p.diverge("request %d is answered %d, the model makes call %d", i, res.StatusCode, want.phase)
		}
		p.compare(res, want)
	case <-time.After(10 * time.Second):
		p.diverge("request %d does nothing", i)
	}
}

// compare sees that the server's answer is the model's.
func (p *play) compare(res *http.Response, want request) {
	p.t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	switch {
	case want.done:
		if res.StatusCode != http.StatusOK {
			p.diverge("revocation: status %d", res.StatusCode)
		}
	case want.tells == none:
		if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), `"invalid_grant"`) {
			p.diverge("the model refuses, the server answers %d %s", res.StatusCode, body)
		}
	default:
		_, after, _ := strings.Cut(string(body), `"refresh_token":"`)
		token, _, found := strings.Cut(after, `"`)
		if res.StatusCode != http.StatusOK || !found {
			p.diverge("the model gives token %d, the server answers %d %s", want.tells, res.StatusCode, body)
		}
		if name := &p.names[want.tells]; *name == "" {
			*name = token
		} else if *name != token {
			p.diverge("token %d has two names", want.tells)
		}
	}
}

// take plays one step that leads the model from before to after.
func (p *play) take(at step, before, after state) {
	switch at.event {
	case ownerRefresh, thiefRefresh, ownerRevoke:
		p.begin(at)
		p.arrives(at.request, after.requests[at.request])
	case advance:
		if before.requests[at.request].phase != answer {
			p.requests[at.request].release <- true
			p.arrives(at.request, after.requests[at.request])
		}
	case crash:
		if before.requests[at.request].phase != answer {
			p.requests[at.request].release <- false
			<-p.requests[at.request].answer
		}
	case tick:
		p.server.Clock.Move(time.Minute)
	case sweep:
		if _, err := p.server.Sweep(context.Background()); err != nil {
			p.t.Fatal(err)
		}
	}
}

// walk plays one random walk on a server over st, and returns "" or how it
// diverges.
func walk(t *testing.T, st store.Store, visited map[phase]int) (diverged string) {
	p := &play{t: t}
	p.server = servertest.New(t, gate{st})
	p.client = p.server.Public()
	p.names[0] = p.server.Grant(p.client).Refresh
	s := initial()
	defer func() {
		switch d := recover().(type) {
		case nil:
		case divergence:
			diverged = d.text
		default:
			panic(d)
		}
	}()
	for range 10 + rand.IntN(60) {
		at := p.choose(&s)
		p.path = append(p.path, at)
		after, broken := s.take(rules{}, at)
		if broken != nil {
			t.Fatal(broken)
		}
		p.take(at, s, after)
		for _, r := range after.requests {
			visited[r.phase]++
		}
		s = after
	}
	for i, r := range s.requests { // nobody waits for these any more
		if r.phase != idle && r.phase != answer {
			p.requests[i].release <- false
		}
	}
	return ""
}

// The real server does what the model does: random walks through the model are
// played on it, each store call when the walk says.
func TestServerFollowsTheModel(t *testing.T) {
	walks := 200
	if os.Getenv("CHARTER_TEST_LONG") != "" {
		walks = 10_000
	}
	visited := make(map[phase]int)
	for range walks {
		if diverged := walk(t, memory.New(), visited); diverged != "" {
			t.Fatal(diverged)
		}
	}
	for _, want := range []phase{readToken, readSuccessor, consume, readAgain, endGrant, readRevoked, revoke, answer} {
		if visited[want] == 0 {
			t.Errorf("no walk came to phase %d", want)
		}
	}
}

// A server over a store that breaks a rule does not follow the model.
func TestBrokenStoresDiverge(t *testing.T) {
	for name, broken := range map[string]func(store.Store) store.Store{
		"forgets the successor": func(st store.Store) store.Store { return forgetful{st} },
		"revokes nothing":       func(st store.Store) store.Store { return lenient{st} },
		"forgets what is spent": func(st store.Store) store.Store { return amnesic{st} },
	} {
		diverged := ""
		for i := 0; i < 200 && diverged == ""; i++ {
			diverged = walk(t, broken(memory.New()), make(map[phase]int))
		}
		if diverged == "" {
			t.Errorf("a store that %s was not noticed", name)
		}
	}
}

type forgetful struct{ store.Store }

func (s forgetful) ConsumeToken(ctx context.Context, c store.Consumption) error {
	c.Successor = store.Digest{}
	return s.Store.ConsumeToken(ctx, c)
}

type lenient struct{ store.Store }

func (s lenient) RevokeGrants(context.Context, store.GrantFilter, time.Time) (int, error) {
	return 0, nil
}

type amnesic struct{ store.Store }

func (s amnesic) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	t, g, err := s.Store.Token(ctx, d)
	t.ConsumedAt = time.Time{}
	return t, g, err
}

// choose picks a step, requests going on more often than the rest. A token whose
// name nobody was told cannot be presented.
func (p *play) choose(s *state) step {
	all := s.steps(bounds{crashes: 3, ticks: 2})
	for {
		at := all[rand.IntN(len(all))]
		if at.event != advance && at.event != ownerRefresh && at.event != thiefRefresh && rand.IntN(8) != 0 {
			continue
		}
		if (at.event == ownerRefresh || at.event == thiefRefresh) && p.names[at.token] == "" {
			continue
		}
		return at
	}
}
