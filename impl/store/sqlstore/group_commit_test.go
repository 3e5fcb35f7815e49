package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore"
)

func openSQLite(t testing.TB) *sqlstore.Store {
	return sqliteEngine().harness().Open(t).(*sqlstore.Store)
}

// A caller that goes away may not take with it the changes that share its
// transaction: SQLite undoes a whole transaction when it interrupts a write.
func TestGroupCancelled(t *testing.T) {
	s := openSQLite(t)
	var wg sync.WaitGroup
	for racer := range 8 {
		wg.Go(func() {
			for i := range 50 {
				ctx, id := context.Background(), fmt.Sprintf("%d-%d", racer, i)
				if racer%2 == 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.Int64N(int64(20*time.Millisecond))))
					defer cancel()
				}
				err := s.Issue(ctx, &store.Grant{ID: id}, many(id)...)
				if ctx.Done() == nil && err != nil {
					t.Errorf("a change whose context lives: %v", err)
				}
				if err != nil && !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("a change whose context ended: %v", err)
				}
				_, readErr := grantByID(context.Background(), s, id)
				if err == nil && readErr != nil {
					t.Errorf("answered, and then: %v", readErr)
				}
			}
		})
	}
	wg.Wait()
}

// many tokens make a statement that takes long enough to be interrupted.
func many(grant string) (tokens []store.Token) {
	for i := range 100 {
		tokens = append(tokens, token(fmt.Sprint(grant, "/", i), grant))
	}
	return tokens
}

func token(name, grant string) store.Token {
	return store.Token{Digest: store.NewDigest(store.AccessToken, name), Kind: store.AccessToken, GrantID: grant}
}

// A change that fails takes back what it did itself, and nothing of those that
// share its transaction.
func TestGroupFailsAlone(t *testing.T) {
	s := openSQLite(t)
	ctx := context.Background()
	if err := s.Issue(ctx, nil, token("taken", "")); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			id := fmt.Sprint("grant-", i)
			second, want := token("second"+id, id), error(nil)
			if i%2 == 0 {
				second, want = token("taken", id), store.ErrConflict
			}
			if err := s.Issue(ctx, &store.Grant{ID: id}, token("first"+id, id), second); !errors.Is(err, want) {
				t.Errorf("Issue: got %v, want %v", err, want)
			}
			_, grantErr := grantByID(ctx, s, id)
			_, _, tokenErr := s.Token(ctx, store.NewDigest(store.AccessToken, "first"+id))
			if (grantErr == nil) != (want == nil) || (tokenErr == nil) != (want == nil) {
				t.Errorf("Issue that wants %v left its grant (%v) and its first token (%v)", want, grantErr, tokenErr)
			}
		})
	}
	wg.Wait()
}
