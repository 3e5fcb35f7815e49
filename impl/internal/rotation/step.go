package rotation

import "fmt"

// A step is one thing that happens.
type step struct {
	event   event
	request int8 // of advance, crash and lose; where a new request goes
	token   int8 // of a thief's refresh
}

type event int8

const (
	ownerRefresh event = iota // the owner presents its newest token
	ownerRevoke               // the owner signs out
	steal                     // the thief copies the owner's newest token
	thiefRefresh              // the thief presents a token
	advance                   // a request makes its next store call, or is answered
	lose                      // the answer is lost
	crash                     // the replica of a request dies
	tick                      // the grace period of all consumed tokens ends
	sweep
)

func (s step) String() string {
	name := [...]string{"owner refreshes", "owner revokes", "thief steals", "thief refreshes", "request goes on", "answer is lost", "replica crashes", "grace ends", "sweep"}[s.event]
	return fmt.Sprintf("%s (request %d, token %d)", name, s.request, s.token)
}

// bounds are how often a replica crashes and a grace period ends.
type bounds struct{ crashes, ticks int8 }

// steps returns what can happen in a state.
func (s *state) steps(most bounds) []step {
	var all []step
	if i := s.free(); i != none {
		at := int8(i)
		if s.ownerMayRefresh() {
			all = append(all, step{ownerRefresh, at, s.owner})
		}
		if !s.revocationAsked {
			all = append(all, step{ownerRevoke, at, s.owner})
		}
		for t := range s.store.issued {
			if s.thief&(1<<t) != 0 && t < maxTokens-1 {
				all = append(all, step{thiefRefresh, at, t})
			}
		}
	}
	if s.thief&(1<<s.owner) == 0 {
		all = append(all, step{event: steal})
	}
	for i, r := range s.requests {
		if r.phase == idle {
			continue
		}
		all = append(all, step{event: advance, request: int8(i)})
		if r.phase == answer {
			all = append(all, step{event: lose, request: int8(i)})
		}
		if s.crashes < most.crashes {
			all = append(all, step{event: crash, request: int8(i)})
		}
	}
	if s.ticks < most.ticks {
		all = append(all, step{event: tick})
	}
	return append(all, step{event: sweep})
}

// ownerMayRefresh: an honest client does not use a new token while a request with
// an old one is still under way, and knows when it has signed out.
func (s *state) ownerMayRefresh() bool {
	if s.owner >= maxTokens-1 || s.revocationAsked && !s.revocationTold {
		return false
	}
	for _, r := range s.requests {
		if r.phase != idle && r.from == owner && r.token != s.owner {
			return false
		}
	}
	return true
}

// take returns the state after a step, and what the step broke.
func (s state) take(rules rules, at step) (state, error) {
	switch at.event {
	case ownerRefresh, thiefRefresh:
		from := owner
		if at.event == thiefRefresh {
			from = thief
		}
		s.requests[at.request] = request{
			phase: readToken, from: from, token: at.token, tells: none,
			afterRevocation: s.revocationTold, reuse: s.store.spent(at.token),
		}
	case ownerRevoke:
		s.revocationAsked = true
		s.requests[at.request] = request{phase: readRevoked, from: owner, token: at.token, tells: none}
	case steal:
		s.thief |= 1 << s.owner
	case advance:
		return s.advance(rules, at.request)
	case lose, crash:
		if at.event == crash {
			s.crashes++
		}
		r := s.requests[at.request]
		s.requests[at.request] = request{}
		if at.event == lose {
			return s, s.judge(r)
		}
	case tick:
		s.ticks++
		for i := range s.requests {
			r := &s.requests[i]
			s.slow = s.slow || r.phase != idle && r.from == owner
			r.late = r.late || r.phase == consume || r.phase == insert
		}
		for i := range s.store.issued {
			s.store.tokens[i].late = s.store.tokens[i].consumed
		}
	case sweep:
		rules.sweep(&s.store)
	}
	return s, s.check()
}

// advance makes the next store call of a request, or answers it.
func (s state) advance(rules rules, i int8) (state, error) {
	r := &s.requests[i]
	if r.phase != answer {
		rules.call(&s.store, r)
		return s, s.check()
	}
	told := *r
	*r = request{}
	err := s.judge(told)
	switch {
	case told.done:
		s.revocationTold = true
	case told.tells == none:
	case told.from == owner:
		s.owner = max(s.owner, told.tells)
	default:
		s.thief |= 1 << told.tells
	}
	return s, err
}
