package attacks_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store/memory"
)

// onTCP serves a world on a port.
func onTCP(t *testing.T, w *world) (address string) {
	t.Helper()
	s := httptest.NewServer(openapitest.Handler(t, w.Server))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

const host = "auth.example.com"

// A request that two servers could read as different ones is refused, and the
// connection is closed: nothing behind it is read as a request.
func TestAmbiguousRequests(t *testing.T) {
	proof.Of(t, "ATK-164", "FUZZ-18")
	w := newWorld(t, memory.New())
	address := onTCP(t, w)
	const form = "Content-Type: application/x-www-form-urlencoded\r\n"
	behind := "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	post := func(headers, body string) string {
		return "POST /token HTTP/1.1\r\nHost: " + host + "\r\n" + form + headers + "\r\n" + body
	}
	for name, raw := range map[string]string{
		"two lengths":                  post("Content-Length: 3\r\nContent-Length: 4\r\n", "a=1"),
		"length with a sign":           post("Content-Length: +3\r\n", "a=1"),
		"length in hex":                post("Content-Length: 0x3\r\n", "a=1"),
		"length list":                  post("Content-Length: 3, 4\r\n", "a=1"),
		"negative length":              post("Content-Length: -1\r\n", "a=1"),
		"unknown transfer coding":      post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
		"two transfer codings":         post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
		"coding list":                  post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
		"space before the colon":       post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
		"chunk size that is no number": post("Transfer-Encoding: chunked\r\n", "zz\r\na=1\r\n0\r\n\r\n"),
		"folded header":                "POST /token HTTP/1.1\r\nHost: " + host + "\r\n folded: x\r\n\r\n",
		"two hosts":                    "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nHost: evil.example\r\n\r\n",
		"no host":                      "GET /healthz HTTP/1.1\r\n\r\n",
		"NUL in a header":              "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nX: a\x00b\r\n\r\n",
		"header without a name":        "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\n: x\r\n\r\n",
		"space in the target":          "GET /healthz x HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"no version":                   "GET /healthz\r\nHost: " + host + "\r\n\r\n",
		"another protocol":             "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"a method with a space":        "GE T /healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
	} {
		if status, more := exchange(t, address, raw+behind); status < 400 || status >= 600 || status == 500 || more {
			t.Errorf("%s: status %d, another answer behind it: %v", name, status, more)
		}
	}
	// The controls: two requests on one connection get two answers.
	if status, more := exchange(t, address, behind+behind); status != http.StatusOK || !more {
		t.Errorf("control: %d, %v", status, more)
	}
	if status, more := exchange(t, address, post("Transfer-Encoding: chunked\r\n", "3\r\na=1\r\n0\r\n\r\n")+behind); status != http.StatusBadRequest || !more {
		t.Errorf("control, chunked: %d, %v", status, more)
	}
}

// exchange sends raw bytes and returns the status of the first answer, and whether
// another came behind it.
func exchange(t *testing.T, address, raw string) (status int, more bool) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, raw); err != nil {
		return 0, false
	}
	conn.(*net.TCPConn).CloseWrite()
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return 400, false // closed without a word
	}
	io.Copy(io.Discard, res.Body)
	_, err = http.ReadResponse(in, nil)
	return res.StatusCode, err == nil
}

// However many clients share a few connections, each gets its own answers.
func TestAnswersReachTheirOwnRequests(t *testing.T) {
	proof.Of(t, "CVE-2026-25536", "CVE-2025-47907")
	w := newWorld(t, sqliteStore(t))
	address := onTCP(t, w)
	shared := &http.Client{
		Transport: &http.Transport{MaxConnsPerHost: 4, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(shared.CloseIdleConnections)
	const clients, rounds = 16, 20
	var work sync.WaitGroup
	for i := range clients {
		c := w.Register(fmt.Sprintf(`{"client_name":"Client %d","redirect_uris":["https://c%d.example.com/cb"],"grant_types":["authorization_code","refresh_token"]}`, i, i))
		token := w.Grant(c).Access
		work.Go(func() {
			for round := range rounds {
				ctx, cancel := context.WithCancel(t.Context())
				if round%5 == 4 { // some give up in the middle
					go cancel()
				}
				form := url.Values{"token": {token}}
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+host+gen.PathIntrospect, strings.NewReader(form.Encode()))
				if err != nil {
					t.Error(err)
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				c.Auth()(r)
				res, err := shared.Do(r)
				if err == nil {
					body, readErr := io.ReadAll(res.Body)
					res.Body.Close()
					if readErr == nil && (res.StatusCode != 200 || !strings.Contains(string(body), `"client_id":"`+c.ID+`"`)) && round%5 != 4 {
						t.Errorf("%d: %d %s", i, res.StatusCode, body)
					}
					if readErr == nil && res.StatusCode == 200 && !strings.Contains(string(body), c.ID) {
						t.Errorf("%d got another's answer: %s", i, body)
					}
				} else if round%5 != 4 {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	work.Wait()
}

// Nothing is compressed, whatever the request would take: what is secret in an
// answer must not be guessed from its length.
func TestNothingIsCompressed(t *testing.T) {
	proof.Of(t, "ATK-138")
	w := newWorld(t, memory.New())
	for _, op := range gen.Operations {
		path := strings.NewReplacer("{client_id}", w.app.ID, "{path}", "mcp").Replace(op.Path)
		r := httptest.NewRequest(op.Method, servertest.Issuer+path, nil)
		r.Header.Set("Accept-Encoding", "gzip, br, zstd, deflate")
		if got := w.Do(r).Header.Get("Content-Encoding"); got != "" {
			t.Errorf("%s: %s", op.ID, got)
		}
	}
	for _, r := range w.requests() {
		r.header = r.header.Clone()
		if r.header == nil {
			r.header = http.Header{}
		}
		r.header.Set("Accept-Encoding", "gzip, br, zstd, deflate")
		res := w.send(r, r.form.Encode())
		if got := res.Header.Get("Content-Encoding"); got != "" || !gives(t, r, res) {
			t.Errorf("%s: %s, %d", r.op, got, res.StatusCode)
		}
	}
}

// Cookies that are repeated, huge or very many are ignored, and never a failure.
func TestManyCookies(t *testing.T) {
	proof.Of(t, "ATK-149")
	w := newWorld(t, memory.New())
	b := w.browser()
	b.signIn()
	good := b.header().Get("Cookie")
	open := func(cookies ...string) int {
		return w.Get(gen.PathAppsPage, nil, func(r *http.Request) { r.Header["Cookie"] = cookies }).StatusCode
	}
	if got := open(good); got != http.StatusOK {
		t.Fatalf("control: %d", got)
	}
	for name, cookies := range map[string][]string{
		"each twice":             {good, good},
		"each twice on one line": {good + "; " + good},
		"another beside it":      {good, "__Host-charter-session=x"},
	} {
		if got := open(cookies...); got != http.StatusSeeOther {
			t.Errorf("%s: %d, want the way to the login page", name, got)
		}
	}
	for name, cookies := range map[string][]string{
		"100 KB":        {"__Host-charter-session=" + strings.Repeat("x", 100<<10)},
		"10 000":        {strings.Repeat("a=b; ", 10_000)},
		"10 000 of it":  {strings.Repeat("__Host-charter-session=x; ", 10_000)},
		"broken":        {"=; ;;; =x; \x7f=\x00", `__Host-charter-session="`},
		"in other case": {strings.ToUpper(good)},
	} {
		if got := open(cookies...); got >= 500 || got == http.StatusOK {
			t.Errorf("%s: %d", name, got)
		}
	}
}
