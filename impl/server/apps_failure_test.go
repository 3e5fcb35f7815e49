package server

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// A noRevoking store cannot revoke.
type noRevoking struct{ store.Store }

func (noRevoking) RevokeGrants(context.Context, store.GrantFilter, time.Time) (int, error) {
	return 0, store.ErrUnavailable
}

// Who takes an app's access back is told when that could not be done, and not
// that there was none.
func TestRevokeAppWhenTheStoreFails(t *testing.T) {
	x := newTokenTest(t)
	x.tokens(allowed{})
	x.server.store = noRevoking{x.store}
	if err := x.server.RevokeApp(context.Background(), "alice", "C1"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("one app: %v", err)
	}
	if err := x.server.RevokeApps(context.Background(), "alice"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("all apps: %v", err)
	}
	x.server.store = x.store // the control
	if err := x.server.RevokeApp(context.Background(), "alice", "C1"); err != nil {
		t.Errorf("one app: %v", err)
	}
	if _, known := errors.AsType[*oauth.Error](x.server.RevokeApp(context.Background(), "alice", "C1")); !known {
		t.Error("an app without access is no error of who asks")
	}
}

// A refresh token that nobody has is the client's mistake, and not a failure.
func TestUnknownRefreshToken(t *testing.T) {
	x := newTokenTest(t)
	x.refused("unknown", x.post("/token", as("C1"), url.Values{"grant_type": {"refresh_token"}, "refresh_token": {seal.NewToken(seal.PrefixRefreshToken)}}), 400, "invalid_grant")
}
