package server

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store/memory"
)

// FuzzIDTokenHint: of all texts one is the ID Token that was issued; every other is
// refused, and one that is too long is not read.
func FuzzIDTokenHint(f *testing.F) {
	proof.Of(f, "FUZZ-15")
	at := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	ring, err := newKeyRing(context.Background(), memory.New(), testKEK(f), now, ringLifetimes, []string{"ES256"})
	if err != nil {
		f.Fatal(err)
	}
	good, err := ring.sign(context.Background(), "ES256", "JWT", map[string]any{
		"iss": "https://auth.example.com", "aud": "C1", "sub": "alice", "iat": at.Unix(), "exp": at.Add(time.Hour).Unix(),
	})
	if err != nil {
		f.Fatal(err)
	}
	cfg := Config{
		Now:         now,
		Claims:      func(context.Context, string) (json.RawMessage, error) { return nil, nil },
		Interaction: func(*Server) (Interaction, error) { return nil, nil },
	}
	s := &Server{cfg: cfg, keys: ring, issuer: issuer{identifier: "https://auth.example.com"}}
	part := strings.Split(good, ".")
	for _, seed := range []string{
		"", good, good + ".", good + "=", part[0] + "." + part[1] + ".", part[0] + "." + part[1], "..", "e30.e30.", "eyJhbGciOiJub25lIn0." + part[1] + ".",
		part[0] + ".eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDd9." + part[2], part[0] + ".eyJleHAiOjFlMzAwfQ." + part[2], strings.Repeat(".", 1<<20), part[0] + "." + strings.Repeat("a", 1<<20) + "." + part[2],
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, hint string) {
		var before, after runtime.MemStats
		long := len(hint) > jose.MaxToken
		if long {
			runtime.ReadMemStats(&before)
		}
		named, err := s.checkIDTokenHint(context.Background(), &registered{id: "C1"}, hint)
		subject := named.subject
		if long {
			runtime.ReadMemStats(&after)
			if read := after.TotalAlloc - before.TotalAlloc; read > 1<<20 {
				t.Errorf("a hint of %d bytes took %d", len(hint), read)
			}
		}
		switch refused, _ := err.(*oauth.Error); {
		case hint == good && (subject != "alice" || err != nil):
			t.Errorf("the hint is not taken: %q, %v", subject, err)
		case hint == "" && (subject != "" || err != nil):
			t.Errorf("no hint: %q, %v", subject, err)
		case hint != "" && hint != good && (refused == nil || refused.Code != "invalid_request" || subject != ""):
			t.Errorf("%q: %q, %v", hint, subject, err)
		}
	})
}
