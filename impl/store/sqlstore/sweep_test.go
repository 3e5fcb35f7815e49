package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// A grant that is renewed while it is swept is either kept with all that was
// added to it, or gone before anything was.
func TestSweepBesideConsume(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		s, ctx, now := e.store(t), context.Background(), time.Now()
		kept, gone := 0, 0
		for round := range 150 {
			id := fmt.Sprint("grant-", round)
			spent, next := token("spent"+id, id), token("next"+id, id)
			if err := s.Issue(ctx, &store.Grant{ID: id, ExpiresAt: now}, spent); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			var consumed error
			wg.Go(func() {
				consumed = s.ConsumeToken(ctx, store.Consumption{
					Token: spent.Digest, At: now, Successors: []store.Token{next}, GrantExpiresAt: now.Add(time.Hour),
				})
			})
			wg.Go(func() {
				if _, err := s.Sweep(ctx, now, 100); err != nil {
					t.Errorf("Sweep: %v", err)
				}
			})
			wg.Wait()
			_, grantErr := grantByID(ctx, s, id)
			_, _, tokenErr := s.Token(ctx, next.Digest)
			switch {
			case consumed == nil && grantErr == nil && tokenErr == nil:
				kept++
			case errors.Is(consumed, store.ErrNotFound) && errors.Is(grantErr, store.ErrNotFound) && errors.Is(tokenErr, store.ErrNotFound):
				gone++
			default:
				t.Fatalf("ConsumeToken: %v; the grant: %v; its new token: %v", consumed, grantErr, tokenErr)
			}
		}
		t.Logf("%d kept, %d gone", kept, gone)
	})
}
