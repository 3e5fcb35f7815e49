package servertest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// madeKeys are the signing keys of an OpenID provider, made once in a test
// binary: an RSA key takes longer than most tests.
var madeKeys = sync.OnceValues(func() ([]store.Key, error) {
	kek, err := parseTestKey()
	if err != nil {
		return nil, err
	}
	st := memory.New()
	s, err := server.New(server.Config{
		Issuer: Issuer, Store: st, KeyEncryptionKey: kek, Claims: noClaims,
		Interaction: func(*server.Server) (server.Interaction, error) { return pages{}, nil },
	})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return st.Keys(context.Background())
})

func noClaims(context.Context, string) (json.RawMessage, error) { return nil, nil }

// SeedKeys puts signing keys of an OpenID provider, made at at, into a store that
// has none of them, for a server whose key-encryption key is KEK, so that it does
// not make its own.
func SeedKeys(t testing.TB, st store.Store, at time.Time) {
	t.Helper()
	keys, err := madeKeys()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		k.CreatedAt, k.ActiveAt = at, at
		if err := st.CreateKey(context.Background(), k); err != nil && !errors.Is(err, store.ErrConflict) {
			t.Fatal(err)
		}
	}
}
