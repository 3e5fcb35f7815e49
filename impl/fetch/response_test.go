package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

func answer(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		io.WriteString(w, body)
	}
}

func header(name, value string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		answer("application/json", "{}")(w, r)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for r.Context().Err() == nil {
		if _, err := w.Write(make([]byte, 4096)); err != nil {
			return
		}
	}
}

func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	z.Write(make([]byte, 10<<20))
	z.Close()
}

// TestResponses is ATK-125: what is taken, and what is not.
func TestResponses(t *testing.T) {
	proof.Of(t, "ATK-125", "RFC9101-10.4.1-3")
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string // "" is taken
	}{
		{"json", answer("application/json", "{}"), ""},
		{"json with charset", answer("application/json; charset=UTF-8", "{}"), ""},
		{"structured suffix", answer("application/jwk-set+json", "{}"), ""},
		{"64 KiB", answer("application/json", strings.Repeat(" ", maxBody)), ""},
		{"64 KiB and one", answer("application/json", strings.Repeat(" ", maxBody+1)), "too_large"},
		{"endless", endless, "too_large"},
		{"gzip bomb", bomb, "encoding"},
		{"identity named", header("Content-Encoding", "identity"), "encoding"},
		{"html", answer("text/html", "{}"), "type"},
		{"text/json", answer("text/json", "{}"), "type"},
		{"text with a suffix", answer("text/x+json", "{}"), "type"},
		{"other charset", answer("application/json; charset=utf-16", "{}"), "type"},
		{"no type", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			io.WriteString(w, "{}")
		}, "type"},
		{"malformed type", answer("application/json; =", "{}"), "type"},
		{"two types", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{"application/json", "text/html"}
			io.WriteString(w, "{}")
		}, "type"},
		{"1 MiB of headers", header("X-Fill", strings.Repeat("a", 1<<20)), "connect"},
		{"cut body", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "{}")
		}, "body"},
		{"204", status(204), "status"},
		{"206", status(206), "status"},
		{"404", status(404), "status"},
		{"500", status(500), "status"},
	} {
		o := serve(t, c.handler)
		_, err := New(o.config()).Get(t.Context(), o.URL+"/c")
		if c.want == "" && err != nil {
			t.Errorf("%s: %v", c.name, errors.Unwrap(err))
		} else if c.want != "" {
			reason(t, c.name, err, c.want)
		}
	}
}

// TestSlow is ATK-125: the time for all of it is bounded, however it trickles.
func TestSlow(t *testing.T) {
	proof.Of(t, "ATK-125", "RFC9101-10.4.1-3")
	trickle := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for r.Context().Err() == nil {
			io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			select {
			case <-time.After(10 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{{"one byte at a time", trickle, "body"}, {"no answer", hang, "connect"}} {
		o := serve(t, c.handler)
		client := New(o.config())
		client.timeout = 200 * time.Millisecond
		hung, stop := context.WithTimeout(t.Context(), time.Minute)
		_, err := client.Get(hung, o.URL+"/c")
		// A server that answers in the moment in which its client goes is late, too.
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != "body" {
			reason(t, c.name, err, c.want)
		}
		if hung.Err() != nil {
			t.Errorf("%s: it was not the time for a fetch that ended it", c.name)
		}
		stop()
	}
	if New(Config{}).timeout != 5*time.Second {
		t.Error("the time for a fetch is not 5 s")
	}
}
