package rotation

// Bounds of what is explored.
const (
	maxTokens   = 4 // three rotations
	maxRequests = 2 // at a time
	none        = -1
)

// A state is everything there is. It is compared with ==.
type state struct {
	store    storage
	requests [maxRequests]request
	owner    int8  // the newest token that the owner has been told
	thief    uint8 // the tokens that the thief has, a bit each
	crashes  int8
	ticks    int8

	slow            bool // a request of the owner was under way when the grace period ended
	revocationAsked bool // by the owner
	revocationTold  bool // the owner has been told that it happened
}

// A storage is what the replicas share: one grant and its refresh tokens, in the
// order in which they were issued.
type storage struct {
	revoked bool
	issued  int8
	tokens  [maxTokens]token
}

// A token is a row. successor is its place in tokens.
type token struct {
	consumed  bool
	late      bool // consumed longer ago than the grace period
	swept     bool
	successor int8
}

// An actor sends requests.
type actor int8

const (
	owner actor = iota
	thief
)

// A phase is what a request does next: one store call, or the answer.
type phase int8

const (
	idle          phase = iota // there is no request
	readToken                  // Store.Token of the presented token
	readSuccessor              // Store.Token of its successor
	consume                    // Store.ConsumeToken
	insert                     // of a broken rule: the second half of a consumption
	readAgain                  // Store.Token after the race was lost
	endGrant                   // Store.RevokeGrants, since the token was reused
	readRevoked                // Store.Token of a revocation
	revoke                     // Store.RevokeGrants of a revocation
	answer
)

// A request is one HTTP request, on some replica.
type request struct {
	phase phase
	from  actor
	token int8 // presented
	tells int8 // the token that the answer has; none: it refuses
	done  bool // of a revocation: the answer is 200
	late  bool // the grace period ended since it looked at the clock, which it does before it consumes

	// What was so when the request came, for the invariants.
	afterRevocation bool // the owner had been told of a revocation
	reuse           bool // the token's successor was used, or its grace was over
}

func initial() state {
	s := state{}
	s.store.issued = 1
	for i := range s.store.tokens {
		s.store.tokens[i].successor = none
	}
	return s
}

// spent reports whether presenting a token is reuse: it is consumed, and not a
// retry that the grace period allows.
func (s *storage) spent(i int8) bool {
	t := s.tokens[i]
	return t.consumed && (t.late || t.successor != none && s.tokens[t.successor].consumed)
}

// leaves counts the tokens that are good for a refresh.
func (s *storage) leaves() (n int) {
	for i := range s.issued {
		if t := s.tokens[i]; !t.consumed && !t.swept && !s.revoked {
			n++
		}
	}
	return n
}

// free returns a place for another request, or none.
func (s *state) free() int {
	for i, r := range s.requests {
		if r.phase == idle {
			return i
		}
	}
	return none
}
