package linear

import (
	"fmt"

	"github.com/anishathalye/porcupine"

	"github.com/charterauth/charter/impl/internal/fleet"
)

// A verb is what a client asks for.
type verb int

const (
	redeem     verb = iota // a code
	refresh                // with a refresh token
	introspect             // an access or refresh token
	revoke                 // by a token
)

func (v verb) String() string { return [...]string{"redeem", "refresh", "introspect", "revoke"}[v] }

// An input is one request.
type input struct {
	verb  verb
	token string // of introspect, refresh and revoke
}

// An output is what the client was told.
type output struct {
	outcome         fleet.Outcome // OK, Refused or Unknown
	active          bool          // of an introspection
	access, refresh string        // of a redemption or a refresh
}

// A pair is what one redemption or refresh issued. The names are empty as long as
// nobody has been told them.
type pair struct{ access, refresh string }

// maxChain bounds how often a grant is refreshed.
const maxChain = 32

// A family is the state of one grant, as the specification has it: a chain of
// pairs, of which only the last has a refresh token that is unspent. It is
// compared with ==.
type family struct {
	revoked bool
	issued  int // pairs; 0: the code is unspent
	chain   [maxChain]pair
}

// model is the specification: what one server that does one thing at a time would
// answer. A request without an answer may have happened or not. All of a history
// is within the grace period of refresh tokens.
var model = porcupine.NondeterministicModel{
	Init:  func() []interface{} { return []interface{}{family{}} },
	Equal: func(a, b interface{}) bool { return a == b },
	Step: func(state, in, out interface{}) []interface{} {
		var next []interface{}
		for _, f := range step(state.(family), in.(input), out.(output)) {
			next = append(next, f)
		}
		return next
	},
	DescribeOperation: func(in, out interface{}) string { return describe(in.(input), out.(output)) },
}

func describe(in input, out output) string {
	return fmt.Sprintf("%v(%s) → %v active=%v %s %s", in.verb, short(in.token), out.outcome, out.active, short(out.access), short(out.refresh))
}

// short keeps a token's kind and enough to tell it from others.
func short(token string) string { return token[:min(len(token), 14)] }

// step returns the states that a request and its answer can lead to; none when
// the answer is wrong in this state.
func step(f family, in input, out output) []family {
	after, want := f.do(in)
	if out.outcome == fleet.Unknown {
		return []family{f, after}
	}
	if want.outcome != out.outcome || want.active != out.active {
		return nil
	}
	if out.outcome != fleet.OK || in.verb == introspect || in.verb == revoke {
		return []family{after}
	}
	// The pair that the answer tells is the one that was issued.
	at := in.issues(f)
	if !after.chain[at].learn(out) {
		return nil
	}
	return []family{after}
}

// learn takes the names of a pair from an answer, or compares them.
func (p *pair) learn(out output) bool {
	if *p == (pair{}) {
		*p = pair{out.access, out.refresh}
	}
	return *p == pair{out.access, out.refresh}
}

// issues returns which pair of the chain a successful request answers with.
func (in input) issues(before family) int {
	if in.verb == redeem {
		return 0
	}
	return before.refreshToken(in.token) + 1
}

// do is what the one server does.
func (f family) do(in input) (after family, want output) {
	switch in.verb {
	case redeem:
		return f.redeem()
	case refresh:
		return f.refresh(in.token)
	case introspect:
		want.active = f.live(in.token)
		return f, want
	default:
		f.revoked = true
		return f, want
	}
}

// redeem: a code is good once; a replay ends the grant (RFC 6749 §4.1.2).
func (f family) redeem() (family, output) {
	if f.issued > 0 {
		f.revoked = true
	}
	if f.revoked {
		return f, output{outcome: fleet.Refused}
	}
	f.issued = 1
	return f, output{}
}

// refresh: the last token is good once; the one before it gets the same answer
// again; any earlier one is reuse and ends the grant (RFC 9700 §4.14.2).
func (f family) refresh(token string) (family, output) {
	i := f.refreshToken(token)
	switch {
	case f.revoked || i < 0:
		return f, output{outcome: fleet.Refused}
	case i == f.issued-1 && f.issued < maxChain:
		f.issued++
	case i == f.issued-2:
	default:
		f.revoked = true
		return f, output{outcome: fleet.Refused}
	}
	return f, output{}
}

// refreshToken returns the place of a refresh token in the chain, or -1.
func (f family) refreshToken(token string) int {
	for i, p := range f.chain[:f.issued] {
		if p.refresh == token {
			return i
		}
	}
	return -1
}

// live reports whether a token is good: every access token of a grant that is not
// revoked, and its last refresh token.
func (f family) live(token string) bool {
	if f.revoked || f.issued == 0 {
		return false
	}
	for _, p := range f.chain[:f.issued] {
		if p.access == token {
			return true
		}
	}
	return f.chain[f.issued-1].refresh == token
}
