package linear

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/charterauth/charter/impl/internal/fleet"
)

// clients is how many clients use one grant at the same time.
const clients = 3

// afterDeath bounds what is asked about a grant that has ended.
const afterDeath = 12

// A use is how a grant is used: how much is asked about it, how many of a hundred
// requests are refreshes and retries of the last one, and how many of a thousand
// are of each of three kinds that end it.
type use struct{ requests, refreshes, retries, deadly int }

// Lively grants end often, and so show most of what can go wrong soonest; those
// that last give the long histories of REL-1.
var (
	lively  = use{requests: 60, refreshes: 40, retries: 6, deadly: 20}
	lasting = use{requests: 240, refreshes: 10, retries: 0, deadly: 1}
)

// A session is one grant, the clients that use it, and what they have seen.
type session struct {
	client *fleet.Client
	ways   []http.RoundTripper // to each process
	code   string
	start  time.Time
	use    use

	mu      sync.Mutex
	history []porcupine.Operation // guarded by mu, as all below
	access  []string              // the tokens that clients have been told
	refresh []string
	left    int // requests
	wrong   []fleet.Answer
}

// run uses the grant until its requests are spent, and returns the history.
func (s *session) run(ctx context.Context) []porcupine.Operation {
	s.left = s.use.requests
	s.request(ctx, 0, input{verb: redeem})
	var work sync.WaitGroup
	for id := range clients {
		work.Go(func() {
			for ctx.Err() == nil {
				in, more := s.next()
				if !more {
					return
				}
				s.request(ctx, id, in)
			}
		})
	}
	work.Wait()
	return s.history
}

// next chooses a request. Mostly the newest tokens are used, as clients do; now
// and then an old one, as a thief does.
func (s *session) next() (in input, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left--; s.left < 0 {
		return input{}, false
	}
	n, deadly := len(s.refresh), s.use.deadly
	if n == 0 {
		return input{verb: redeem}, true
	}
	switch p := rand.IntN(1000); {
	case p < deadly:
		return input{verb: redeem}, true
	case p < 2*deadly:
		return input{refresh, s.refresh[rand.IntN(n)]}, true
	case p < 3*deadly:
		return input{revoke, s.refresh[rand.IntN(n)]}, true
	}
	switch p := rand.IntN(100); {
	case p < s.use.refreshes && n < maxChain-clients:
		return input{refresh, s.refresh[n-1]}, true
	case p < s.use.refreshes+s.use.retries && n > 1:
		return input{refresh, s.refresh[n-2]}, true
	case p < 56:
		return input{introspect, s.refresh[max(0, n-1-rand.IntN(3))]}, true
	}
	return input{introspect, s.access[max(0, n-1-rand.IntN(4))]}, true
}

// request sends one request to one process and records it. Some clients hang up
// before the answer.
func (s *session) request(ctx context.Context, id int, in input) {
	via := s.ways[rand.IntN(len(s.ways))]
	if rand.IntN(30) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(5000))*time.Microsecond)
		defer cancel()
	}
	call := time.Since(s.start)
	a := s.send(ctx, via, in)
	s.record(id, in, a, call, time.Since(s.start))
	if a.Outcome == fleet.Unknown {
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) // a client that was not answered waits
	}
}

func (s *session) send(ctx context.Context, via http.RoundTripper, in input) fleet.Answer {
	switch in.verb {
	case redeem:
		return s.client.Redeem(ctx, via, s.code)
	case refresh:
		return s.client.Renew(ctx, via, in.token)
	case introspect:
		return s.client.Introspect(ctx, via, in.token)
	default:
		return s.client.Revoke(ctx, via, in.token)
	}
}

func (s *session) record(id int, in input, a fleet.Answer, call, answered time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.Outcome == fleet.Wrong || a.Outcome == fleet.Refused && a.Code != "invalid_grant" {
		s.wrong = append(s.wrong, a)
	}
	if a.Outcome == fleet.Unknown {
		answered = math.MaxInt64 // it may happen at any time
	}
	s.history = append(s.history, porcupine.Operation{
		ClientId: id, Input: in, Call: int64(call), Return: int64(answered),
		Output: output{outcome: a.Outcome, active: a.Active, access: a.Access, refresh: a.Refresh},
	})
	if a.Outcome == fleet.OK && a.Refresh != "" {
		if n := len(s.refresh); n == 0 || s.refresh[n-1] != a.Refresh {
			s.access, s.refresh = append(s.access, a.Access), append(s.refresh, a.Refresh)
		}
	}
	if (in.verb == revoke && a.Outcome == fleet.OK || a.Outcome == fleet.Refused) && s.left > afterDeath {
		s.left = afterDeath
	}
}
