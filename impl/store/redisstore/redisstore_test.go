package redisstore_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/redistest"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/redisstore"
	"github.com/charterauth/charter/impl/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m)) }

// open opens the store of a URL for the length of a test.
func open(t testing.TB, url string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// harness opens stores at the URLs that fresh returns.
func harness(fresh func(testing.TB) string) storetest.Harness {
	var urls sync.Map
	at := func(t testing.TB, url string) store.Store {
		s := open(t, url)
		urls.Store(store.Store(s), url)
		return s
	}
	return storetest.Harness{
		Open: func(t testing.TB) store.Store { return at(t, fresh(t)) },
		Replica: func(t testing.TB, s store.Store) store.Store {
			url, _ := urls.Load(s)
			return at(t, url.(string))
		},
	}
}

func TestStore(t *testing.T) { storetest.Run(t, harness(redistest.URL)) }

// On a cluster of three, with all keys in one slot.
func TestCluster(t *testing.T) {
	var nodes []string
	for range 3 {
		s := redistest.Start(t, "--cluster-enabled", "yes", "--appendonly", "yes", "--appendfsync", "always")
		t.Cleanup(s.Stop)
		nodes = append(nodes, fmt.Sprintf("127.0.0.1:%d", s.Port))
	}
	join := exec.Command(strings.Replace(redistest.Program(), "-server", "-cli", 1), append([]string{"--cluster", "create"}, append(nodes, "--cluster-yes")...)...)
	if out, err := join.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tags := 0
	fresh := func(testing.TB) string {
		tags++
		return fmt.Sprintf("redis://%s?cluster=true&addr=%s&addr=%s&tag=c%d", nodes[0], nodes[1], nodes[2], tags)
	}
	awaitCluster(t, fresh(t))
	storetest.Run(t, harness(fresh))
}

// awaitCluster waits until the nodes have agreed on who has which slot.
func awaitCluster(t *testing.T, url string) {
	var err error
	for range 100 {
		s, failed := redisstore.Open(context.Background(), url)
		if err = failed; err == nil {
			s.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal(err)
}

// A whole server over it: a code, one refresh of several at once, revocation.
func TestServer(t *testing.T) {
	s := servertest.New(t, open(t, redistest.URL(t)))
	c := s.Confidential()
	code := s.Code(c, nil)
	var wg sync.WaitGroup
	won := make([]bool, 8)
	for i := range won {
		wg.Go(func() { won[i] = s.Post("/token", c.Exchange(code, nil), c.Auth()).StatusCode == http.StatusOK })
	}
	wg.Wait()
	n := 0
	for _, w := range won {
		if w {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of %d redemptions of one code succeeded", n, len(won))
	}
	tokens := s.Grant(c)
	again := s.Token(c, c.Refresh(tokens.Refresh, nil))
	if r := s.Post("/revoke", url.Values{"token": {again.Refresh}}, c.Auth()); r.StatusCode != http.StatusOK {
		t.Errorf("revocation: %d", r.StatusCode)
	}
	if r := s.Post("/token", c.Refresh(again.Refresh, nil), c.Auth()); r.StatusCode != http.StatusBadRequest {
		t.Errorf("refresh after revocation: %d", r.StatusCode)
	}
}
