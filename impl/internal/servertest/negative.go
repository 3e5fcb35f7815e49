package servertest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/charterauth/charter/impl/internal/oracle"
)

// A Log is what a server under test has logged, at every level.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all that was logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Negative sends a request that must come to nothing, and fails the test unless
// it does: the answer is want, and all that package oracle asks of every refusal
// holds. changes names the kinds of records that the refusal changes on purpose,
// as the replay of a code ends grants. The server's store is a memory store, or a
// struct that embeds one as Store.
//
// It proves little alone: the same request with what is wrong put right must
// succeed.
func (s *Server) Negative(what string, r *http.Request, want oracle.Refusal, changes ...string) oracle.Answer {
	s.t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	secrets := oracle.Sent(r.Header, r.URL.RawQuery, string(body))
	before, logged := s.state(), len(s.Log.String())
	a, err := oracle.Read(s.Do(r))
	if err != nil {
		s.t.Fatal(err)
	}
	faults := append(want(a), a.Leaks(secrets)...)
	faults = append(faults, oracle.Leaks("log", s.Log.String()[logged:], secrets)...)
	faults = append(faults, oracle.Unexpected(oracle.Changed(before, s.state()), changes)...)
	for _, fault := range faults {
		s.t.Errorf("%s: %s", what, fault)
	}
	return a
}

func (s *Server) state() oracle.State {
	s.t.Helper()
	state, err := oracle.Memory(context.Background(), s.Store)
	if err != nil {
		s.t.Fatal(err)
	}
	return state
}
