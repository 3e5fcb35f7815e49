package rotation

// rules are what a server does. The zero value is Charter's; each field breaks
// one rule, to show that the invariants would tell. That ConsumeToken looks at the
// grant is not among them: what it would issue under a revoked grant is dead.
type rules struct {
	consumeSpent         bool // ConsumeToken does not look whether the token is unspent
	consumeInTwo         bool // the token is spent in one write, its successor added in the next
	addFirst             bool // the successor is added in one write, the token spent in the next
	answerFirst          bool // the answer goes out before the write
	loserRefused         bool // who lost a race is refused, though it was a retry
	loserIssues          bool // who lost a race gets tokens of its own
	retryForever         bool // the grace period does not end
	retryOfUsed          bool // a retry is answered though the successor was used
	retryIssues          bool // a retry gets new tokens
	retryOfRevoked       bool // a retry is answered though the grant is revoked
	noRetry              bool // every second use is reuse
	reuseIgnored         bool // reuse is refused and ends nothing
	reuseEndsLeaf        bool // reuse ends the newest token, not the grant
	onlyLastAncestor     bool // reuse of an older token than the last ends nothing
	graceFromStart       bool // grace is judged when the request comes, and the successor never
	revocationFirst      bool // a revocation is answered before it happens
	revocationEndsLeaf   bool // a revocation ends the newest token, not the grant
	sweepSpent           bool // the sweep removes what is consumed
	sweepForgets         bool // the sweep unlinks what is consumed from its successor
	revokedIsNotLookedAt bool // neither the read nor the write looks at the grant
}

// call makes the store call of a request and decides on the next.
func (u rules) call(s *storage, r *request) {
	switch r.phase {
	case readToken:
		u.readToken(s, r)
	case readAgain:
		u.readSpent(s, r)
	case readSuccessor:
		next := s.tokens[r.token].successor
		if next == none || s.tokens[next].consumed && !u.retryOfUsed {
			u.reused(s, r)
			return
		}
		u.retried(s, r)
	case consume:
		u.consume(s, r)
	case insert:
		u.insert(s, r)
	case endGrant:
		u.end(s, u.reuseEndsLeaf)
		r.phase = answer
	case readRevoked:
		r.phase = revoke
		if s.revoked || u.revocationFirst {
			r.phase, r.done = answer, true
		}
	case revoke:
		u.end(s, u.revocationEndsLeaf)
		r.phase, r.done = answer, true
	}
}

func (u rules) readToken(s *storage, r *request) {
	t := s.tokens[r.token]
	switch {
	case t.swept:
		r.phase = answer
	case t.consumed:
		u.readSpent(s, r)
	case s.revoked && !u.revokedIsNotLookedAt:
		r.phase = answer
	case u.answerFirst && s.issued < maxTokens:
		r.phase, r.tells = answer, s.issued
	default:
		r.phase = consume
	}
}

// readSpent decides what a used token is: a retry or reuse.
func (u rules) readSpent(s *storage, r *request) {
	t := s.tokens[r.token]
	switch {
	case t.swept || s.revoked && !u.retryOfRevoked && !u.revokedIsNotLookedAt:
		r.phase = answer
	case u.noRetry || t.late && !u.retryForever:
		u.reused(s, r)
	case t.successor == none: // no successor that could have been used
		u.retried(s, r)
	case u.graceFromStart:
		u.retried(s, r)
	default:
		r.phase = readSuccessor
	}
}

func (u rules) retried(s *storage, r *request) {
	if u.retryIssues && s.issued < maxTokens {
		s.add()
		r.phase, r.tells = answer, s.issued-1
		return
	}
	r.phase, r.tells = answer, s.tokens[r.token].successor
}

func (u rules) reused(s *storage, r *request) {
	r.phase = endGrant
	if u.reuseIgnored || u.onlyLastAncestor && r.token+2 < s.issued {
		r.phase = answer
	}
}

// consume is the one write of a refresh.
func (u rules) consume(s *storage, r *request) {
	t := &s.tokens[r.token]
	switch {
	case s.revoked && !u.revokedIsNotLookedAt:
		r.phase = answer
		return
	case t.consumed && u.loserIssues:
	case t.consumed && !u.consumeSpent:
		r.phase = readAgain
		if u.loserRefused {
			r.phase = answer
		}
		return
	}
	if s.issued == maxTokens { // a broken rule has used up what is explored
		r.phase = answer
		return
	}
	if u.addFirst {
		s.add()
		r.phase, r.tells = insert, s.issued-1
		return
	}
	t.consumed, t.late = true, r.late
	if u.consumeInTwo {
		r.phase = insert
		return
	}
	t.successor = s.issued
	s.add()
	r.phase, r.tells = answer, t.successor
}

// insert is the second half of a consumption that is not one step.
func (u rules) insert(s *storage, r *request) {
	r.phase = answer
	if u.consumeInTwo {
		if s.issued == maxTokens {
			return
		}
		s.add()
		r.tells = s.issued - 1
	}
	s.tokens[r.token].consumed, s.tokens[r.token].successor = true, r.tells
}

func (u rules) end(s *storage, leafOnly bool) {
	if leafOnly {
		s.tokens[s.issued-1].consumed, s.tokens[s.issued-1].late = true, true
		return
	}
	s.revoked = true
}

// sweep removes nothing of a grant that lives: reuse detection needs it.
func (u rules) sweep(s *storage) {
	for i := range s.issued {
		t := &s.tokens[i]
		if t.consumed && u.sweepSpent {
			t.swept = true
		}
		if t.consumed && u.sweepForgets {
			t.successor = none
		}
	}
}

func (s *storage) add() {
	s.tokens[s.issued] = token{successor: none}
	s.issued++
}
