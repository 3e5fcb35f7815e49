package server

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// accessTokenUnder puts a grant into the store, and an access token that itself
// is good for an hour.
func (x *tokenTest) accessTokenUnder(g store.Grant) string {
	x.Helper()
	g.Subject, g.Resources, g.Scopes, g.CreatedAt = "alice", []string{resourceA}, []string{"a.read"}, x.now()
	token := seal.NewToken(seal.PrefixAccessToken)
	err := x.store.Issue(context.Background(), &g, store.Token{
		Digest: store.NewDigest(store.AccessToken, token), Kind: store.AccessToken, GrantID: g.ID, ClientID: g.ClientID,
		Resources: g.Resources, Scopes: g.Scopes, CreatedAt: x.now(), ExpiresAt: x.now().Add(time.Hour),
	})
	if err != nil {
		x.Fatal(err)
	}
	return token
}

// No token outlives its grant, whatever is written on the token itself.
func TestTokensEndWithTheirGrant(t *testing.T) {
	x := newTokenTest(t)
	short := x.accessTokenUnder(store.Grant{ID: "short", ClientID: "C1", ExpiresAt: x.now().Add(10 * time.Minute)})
	long := x.accessTokenUnder(store.Grant{ID: "long", ClientID: "C1"})
	x.pass(10*time.Minute - time.Second)
	if !x.active("C1", short) || !x.live(short) {
		t.Error("dead before its grant")
	}
	x.pass(time.Second)
	if x.active("C1", short) || x.live(short) {
		t.Error("it outlives its grant")
	}
	if !x.active("C1", long) || !x.live(long) {
		t.Error("dead with the grant of another")
	}
	// An operator who shortens what a grant may last means those that there are.
	x.restart(func(c *Config) {
		c.Lifetimes.Grant, c.Lifetimes.AccessToken, c.Lifetimes.RefreshToken = 10*time.Minute, 10*time.Minute, 10*time.Minute
	})
	if x.active("C1", long) || x.live(long) {
		t.Error("it outlives what the configuration lets a grant last")
	}
}

// The metadata document of a client is looked at when the client calls: its
// tokens stay good while the document cannot be fetched.
func TestTokensOfADocumentThatIsAway(t *testing.T) {
	x := newTokenTest(t)
	token := x.accessTokenUnder(store.Grant{ID: "away", ClientID: "https://away.example/client.json"})
	if !x.active("R1", token) || !x.live(token) {
		t.Error("the token is dead")
	}
	gone := x.accessTokenUnder(store.Grant{ID: "gone", ClientID: "no-such-client"})
	if x.ok(x.post("/introspect", as("R1"), url.Values{"token": {gone}})).raw != `{"active":false}` || x.live(gone) {
		t.Error("a token of a registered client that is gone is good")
	}
}
