package servertest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/oracle"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A witness is a test that keeps its errors.
type witness struct {
	testing.TB
	errors []string
}

func (w *witness) Errorf(format string, args ...any) {
	w.errors = append(w.errors, fmt.Sprintf(format, args...))
}

// Negative is quiet for a refusal, and tells everything that is wrong with what is
// none.
func TestNegativeSees(t *testing.T) {
	w := &witness{TB: t}
	var s *Server
	leak := ""
	s = New(w, memory.New(), func(c *server.Config) {
		c.Events = func(context.Context, store.Event) { fmt.Fprint(s.Log, leak) }
	})
	c := s.Confidential()
	send := func(code string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, Issuer+"/token", strings.NewReader(c.Exchange(code, nil).Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		c.Auth()(r)
		return r
	}
	code := s.Code(c, url.Values{})
	s.Negative("unknown code", send("never-issued"), oracle.JSON(400, "invalid_grant"))
	if len(w.errors) > 0 {
		t.Fatalf("a refusal has faults: %q", w.errors)
	}
	s.Negative("good code", send(code), oracle.JSON(400, "invalid_grant"))
	for _, want := range []string{"good code: status 200", "changed the tokens"} {
		if !slices.ContainsFunc(w.errors, func(e string) bool { return strings.Contains(e, want) }) {
			t.Errorf("no %q among %q", want, w.errors)
		}
	}
	w.errors = nil
	s.Negative("replay", send(code), oracle.JSON(400, "invalid_grant"), "grants")
	if len(w.errors) > 0 {
		t.Errorf("a replay, which ends the grant, has faults: %q", w.errors)
	}
	w.errors, leak = nil, "the code was never-issued"
	s.Negative("logged", send("never-issued"), oracle.JSON(400, "invalid_grant"))
	if len(w.errors) != 0 {
		t.Errorf("no event, no leak: %q", w.errors)
	}
	leak = "the code was " + code
	s.Negative("logged", send(code), oracle.JSON(400, "invalid_grant"))
	if len(w.errors) != 1 || !strings.Contains(w.errors[0], "the log has the secret "+code) {
		t.Errorf("a secret in the log: %q", w.errors)
	}
}
