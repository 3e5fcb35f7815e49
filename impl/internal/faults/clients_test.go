package faults

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/servertest"
)

// rawRefresh is a refresh as bytes on the wire.
func rawRefresh(f *fleet.Fleet, c *fleet.Client, token string) string {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}.Encode()
	r, _ := http.NewRequest(http.MethodPost, f.Issuer+"/token", nil)
	servertest.Basic(c.ID, c.Secret)(r)
	return fmt.Sprintf("POST /token HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		strings.TrimPrefix(f.Issuer, "http://"), r.Header.Get("Authorization"), len(form), form)
}

// REL-9: a client goes away at every byte of its request, and at moments after
// it. Whatever the server did of it, the client that asks again gets what it is
// due, and nothing stays open.
func TestClientsThatLeave(t *testing.T) {
	f := fleet.Start(t, fleet.Options{})
	c, via, ctx := f.Confidential(), f.Via(nil), context.Background()
	browser, err := f.Browser(0, via)
	if err != nil {
		t.Fatal(err)
	}
	code, err := browser.Code(c)
	if err != nil {
		t.Fatal(err)
	}
	a := c.Redeem(ctx, via, code).Must(t, "code")
	request := rawRefresh(f, c, a.Refresh)
	stages := 0
	leave := func(bytes int, wait time.Duration) {
		conn, err := net.Dial("tcp", f.Processes[0].Addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(rawRefresh(f, c, a.Refresh)[:bytes])); err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait)
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
		stages++
	}
	for n := 1; n < len(request); n += 3 {
		leave(n, 0)
	}
	if !c.Introspect(ctx, via, a.Refresh).Must(t, "introspection").Active {
		t.Fatal("half a request has spent the token")
	}
	for wait := time.Duration(0); wait < 4*time.Millisecond; wait += 100 * time.Microsecond {
		leave(len(request), wait)
		a = c.Renew(ctx, via, a.Refresh).Must(t, "the refresh of a client that had left before it was answered")
		request = rawRefresh(f, c, a.Refresh)
	}
	t.Logf("a client left at %d stages", stages)
}

// ATK-166: clients that say one byte now and then hold nobody else up, and are
// sent away.
func TestSlowClients(t *testing.T) {
	f := fleet.Start(t, fleet.Options{})
	c, via := f.Confidential(), f.Via(f.Processes[0])
	const slow = 500
	gone := make(chan error, slow)
	begin := time.Now()
	for range slow {
		go func() { gone <- dribble(f.Processes[0].Addr) }()
	}
	time.Sleep(500 * time.Millisecond)
	var slowest time.Duration
	for range 50 {
		asked := time.Now()
		c.Own(context.Background(), via).Must(t, "client credentials beside slow clients")
		slowest = max(slowest, time.Since(asked))
	}
	for range slow {
		if err := <-gone; err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("the slowest of 50 requests beside %d slow clients took %v; they were sent away within %v", slow, slowest.Round(time.Millisecond), time.Since(begin).Round(time.Second))
	if slowest > 5*time.Second {
		t.Error("slow clients hold others up")
	}
}

// dribble sends a header a byte at a time, until the server has enough. It returns
// an error when that takes too long.
func dribble(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	left := make(chan struct{})
	go func() {
		bufio.NewReader(conn).ReadString(0) // until it is closed
		close(left)
	}()
	conn.Write([]byte("POST /token HTTP/1.1\r\nX-Slow: "))
	for deadline := time.After(40 * time.Second); ; {
		select {
		case <-left:
			return nil
		case <-deadline:
			return fmt.Errorf("a slow client is still there after 40 s")
		case <-time.After(time.Second):
			conn.Write([]byte("x"))
		}
	}
}
