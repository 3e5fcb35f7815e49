package server

import (
	"context"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Keys of another use, and those that have expired, are not even opened: a
// database that is older or newer than this program does not stop it.
func TestOtherKeysAreLeftAlone(t *testing.T) {
	r := newRingTest(t)
	at := r.now()
	for _, k := range []store.Key{
		{ID: "of-another-use", Use: "enc", Algorithm: "ES256", Generation: 7, CreatedAt: at, ActiveAt: at},
		{ID: "expired", Use: signingKeyUse, Algorithm: "PS256", Generation: 7, CreatedAt: at.Add(-2 * time.Hour), ActiveAt: at.Add(-2 * time.Hour), RetiredAt: at.Add(-time.Hour), ExpiresAt: at},
	} {
		k.Sealed, k.Public = []byte("sealed by nobody"), []byte(`{"kty":"EC"}`)
		if err := r.store.CreateKey(context.Background(), k); err != nil {
			t.Fatal(err)
		}
	}
	ring := r.process("ES256")
	public, err := ring.published(context.Background())
	if err != nil || len(public) != 1 {
		t.Errorf("%d keys are published, %v", len(public), err)
	}
	if err := r.verify(ring, r.sign(ring)); err != nil {
		t.Error(err)
	}
}
