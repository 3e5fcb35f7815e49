package faults

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// REL-25: the clock jumps, either way and back. No token is good past its expiry,
// nothing that was spent or revoked is good again, keys go on signing, and no
// request fails by it; when the clock is right again, so is everything else.
func TestClockJumps(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, jump := range []time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour, year, 10 * year} {
		for _, d := range []time.Duration{jump, -jump} {
			t.Run(d.String(), func(t *testing.T) { jumpAndReturn(t, d) })
		}
	}
}

func jumpAndReturn(t *testing.T, d time.Duration) {
	s := servertest.New(t, memory.New(), func(cfg *server.Config) { cfg.Resources[1].TokenFormat = server.JWTES256 })
	created, secret, err := server.CreateClient(context.Background(), s.Store, s.Clock.Now(), server.OperatorClient{
		Metadata: []byte(`{"client_name":"Kept","redirect_uris":["https://web.example.com/cb"],"grant_types":["authorization_code","refresh_token"]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	c, began := servertest.Client{ID: created.ID, Secret: secret, RedirectURI: "https://web.example.com/cb"}, s.Clock.Now()
	kept, ended := s.Grant(c), s.Grant(c)
	s.Post("/revoke", url.Values{"token": {ended.Access}, "client_id": {c.ID}}, c.Auth())
	code := s.Code(c, nil)
	replayed := s.Token(c, c.Exchange(code, nil))
	used := s.Grant(c)
	next := s.Token(c, c.Refresh(used.Refresh, nil))
	s.Token(c, c.Refresh(next.Refresh, nil))

	for _, move := range []time.Duration{d, -d} {
		s.Clock.Move(move)
		now := s.Clock.Now()
		good := func(token string) bool {
			_, err := s.VerifyAccessToken(context.Background(), token)
			return err == nil
		}
		if expired := !now.Before(began.Add(time.Hour)); good(kept.Access) == expired {
			t.Errorf("%v after it began an access token of an hour is good: %v", now.Sub(began), !expired)
		}
		if good(ended.Access) {
			t.Error("a revoked token is good again")
		}
		servertest.Refused(t, s.Post("/token", c.Exchange(code, nil), c.Auth()), http.StatusBadRequest, "invalid_grant")
		servertest.Refused(t, s.Post("/token", c.Refresh(used.Refresh, nil), c.Auth()), http.StatusBadRequest, "invalid_grant")
		servertest.Refused(t, s.Post("/token", c.Refresh(ended.Refresh, nil), c.Auth()), http.StatusBadRequest, "invalid_grant")
		if good(replayed.Access) {
			t.Error("the tokens of a replayed code are good")
		}
		// A new flow works whatever the clock says.
		fresh := s.Token(c, c.Exchange(s.Code(c, url.Values{"resource": {"https://mcp.example.com/mcp"}, "scope": {"tools"}}), nil))
		if !good(fresh.Access) {
			t.Error("a token that was issued just now is not good")
		}
	}
	s.Token(c, c.Refresh(kept.Refresh, nil))
}
