package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
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

// A table of expired tokens is swept in batches, and no request waits for the
// table: between a call and its answer the sweep gets on by a few batches at most.
func TestSweepLetsRequestsThrough(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		const rows, batch = 6000, 100
		s, ctx, now := e.store(t), context.Background(), time.Now()
		for i := 0; i < rows; i += 500 {
			var tokens []store.Token
			for j := range 500 {
				over := token(fmt.Sprint("over-", i+j), "")
				over.ExpiresAt = now.Add(-time.Second)
				tokens = append(tokens, over)
			}
			if err := s.Issue(ctx, nil, tokens...); err != nil {
				t.Fatal(err)
			}
		}
		var batches atomic.Int64
		swept := make(chan int, 1)
		go func() {
			total := 0
			for n := batch; n == batch; batches.Add(1) {
				var err error
				if n, err = s.Sweep(ctx, now, batch); err != nil {
					t.Errorf("Sweep: %v", err)
				}
				total += n
			}
			swept <- total
		}()
		worst, requests := int64(0), 0
		for total := -1; total < 0; requests++ {
			before := batches.Load()
			id := fmt.Sprint("live-", requests)
			if err := s.Issue(ctx, &store.Grant{ID: id}, token(id, id)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := s.Token(ctx, token(id, id).Digest); err != nil {
				t.Fatal(err)
			}
			worst = max(worst, batches.Load()-before)
			select {
			case total = <-swept:
				if total != rows {
					t.Errorf("swept %d of %d", total, rows)
				}
			default:
			}
		}
		t.Logf("%d requests during %d batches; one met %d of them", requests, batches.Load(), worst)
		if worst > rows/batch/3 {
			t.Errorf("a request waited while %d of %d batches were swept", worst, batches.Load())
		}
	})
}
