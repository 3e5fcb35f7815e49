package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

var form = url.Values{"logout_token": {"a.b.c"}, "x": {"ä &="}}

// A form arrives as it was, at the URL as it was registered, without anything that
// would say more of us.
func TestPost(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.2-2", "OIDC-BCLO-2.5-1")
	var got *http.Request
	var body string
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r.Clone(context.Background()), string(b)
		io.WriteString(w, "fine")
	})
	a, err := NewPoster(o.config()).Post(t.Context(), o.URL+"/out?rp=1&y=%20&z", form)
	if err != nil || a.Status != http.StatusOK || string(a.Body) != "fine" {
		t.Fatalf("%+v, %v", a, err)
	}
	if got.Method != http.MethodPost || got.RequestURI != "/out?rp=1&y=%20&z" || got.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("%s %s %v", got.Method, got.RequestURI, got.Header)
	}
	if sent, err := url.ParseQuery(body); err != nil || sent.Get("logout_token") != "a.b.c" || sent.Get("x") != "ä &=" {
		t.Errorf("body %q", body)
	}
	for name := range got.Header {
		switch name {
		case "Content-Type", "Content-Length", "User-Agent", "Connection":
		default:
			t.Errorf("it says %s", name)
		}
	}
}

// Every status is an answer, a redirect too: it is not followed.
func TestPostAnswers(t *testing.T) {
	proof.Of(t, "ATK-123")
	inside := serveJSON(t)
	for _, code := range []int{200, 204, 301, 307, 308, 400, 404, 500, 503} {
		o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", inside.URL+"/x")
			w.WriteHeader(code)
		})
		o.roots.AddCert(inside.Certificate())
		p := NewPoster(o.config())
		if a, err := p.Post(t.Context(), o.URL, form); err != nil || a.Status != code {
			t.Errorf("%d: %+v, %v", code, a, err)
		}
		_, err := p.Post(t.Context(), o.URL, form)
		if e, held := errors.AsType[*Error](err); held != (code >= 500) || held && e.Reason != "backoff" {
			t.Errorf("%d, at once again: %v", code, err)
		}
	}
	if n := inside.conns.Load(); n != 0 {
		t.Errorf("the target of the redirects got %d connections", n)
	}
}

// What cannot be sent fails soon and for a reason; nothing private is reached.
func TestPostFails(t *testing.T) {
	proof.Of(t, "ATK-120", "ATK-125", "ATK-146")
	hang := func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); <-r.Context().Done() }
	o := serve(t, hang)
	p := NewPoster(o.config())
	p.timeout = 100 * time.Millisecond
	_, err := p.Post(t.Context(), o.URL+"/hangs", form)
	reason(t, "hangs", err, "connect")
	_, err = p.Post(t.Context(), o.URL+"/hangs", form)
	reason(t, "hung just now", err, "backoff")
	_, err = p.Post(t.Context(), "ftp://rp.example.com/", form)
	reason(t, "no https", err, "url")
	_, err = p.Post(t.Context(), "http://rp.example.com/", form)
	reason(t, "http", err, "url")
	_, err = NewPoster(Config{RootCAs: o.roots}).Post(t.Context(), o.URL, form)
	reason(t, "loopback", err, "connect")
	untrusted := o.config()
	untrusted.RootCAs = nil
	_, err = NewPoster(untrusted).Post(t.Context(), o.URL+"/t", form)
	reason(t, "untrusted", err, "connect")
	if n := o.requests.Load(); n != 1 {
		t.Errorf("%d requests, want the one that hung", n)
	}
	if NewPoster(Config{}).timeout != 5*time.Second {
		t.Error("the time for a message is not 5 s")
	}
}

// An answer without an end is cut, and its status counts.
func TestPostEndlessAnswer(t *testing.T) {
	proof.Of(t, "ATK-125")
	o := serve(t, endless)
	a, err := NewPoster(o.config()).Post(t.Context(), o.URL, form)
	if err != nil || a.Status != http.StatusOK || len(a.Body) != maxAnswer {
		t.Errorf("%d bytes, status %d, %v", len(a.Body), a.Status, err)
	}
}

// One host that does not answer has no more than its share of the places; another
// is reached meanwhile.
func TestPostBounds(t *testing.T) {
	proof.Of(t, "ATK-126", "ATK-146")
	arrived := make(chan string, 100)
	o := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or the server does not see the client go
		arrived <- r.URL.Path
		<-r.Context().Done()
	})
	p := NewPoster(o.config())
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range forMessages.atOnceHost {
		running.Go(func() { p.Post(ctx, o.URL+"/one", form) })
	}
	for range forMessages.atOnceHost {
		<-arrived
	}
	_, err := p.Post(ctx, o.URL+"/more", form)
	reason(t, "one more", err, "budget")
	if _, err := p.budget.take(target{"https://other.example/", "other.example"}, p.now()); err != nil {
		t.Errorf("another host: %v", err)
	}
	stop()
	running.Wait()
	if n := len(arrived); n != 0 {
		t.Errorf("%d more arrived", n)
	}
}
