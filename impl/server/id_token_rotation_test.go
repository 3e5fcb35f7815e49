package server_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/jose"
)

// A relying party that keeps the keys for as long as Cache-Control lets it verifies every ID Token through a rotation, and never meets a key
// that it has not: each is published long before it signs, and until its last token is dead.
func TestRotationBreaksNoRelyingParty(t *testing.T) {
	proof.Of(t, "OIDC-CORE-10.1.1-1", "OIDC-CORE-10.2.1-1")
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	var kept []jose.PublicKey
	var keptAt time.Time
	fetch := func() {
		res := f.Get("/jwks", nil)
		set, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "public, max-age=300" {
			t.Fatal(res.StatusCode, res.Header, err)
		}
		if kept, err = jose.ParseJWKSet(set); err != nil {
			t.Fatal(err)
		}
		keptAt = f.Clock.Now()
	}
	verify := func(token string) {
		t.Helper()
		if f.Clock.Now().Sub(keptAt) >= 5*time.Minute {
			fetch()
		}
		v, err := jose.NewVerifier(jose.VerifierConfig{Keys: jose.StaticKeys(kept...), Issuer: f.Issuer(), Audience: c.ID, Typ: "JWT", Now: f.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(context.Background(), token); err != nil {
			t.Fatalf("after %v: %v", f.Clock.Now(), err)
		}
	}
	fetch()
	if err := f.RotateKeys(context.Background()); err != nil {
		t.Fatal(err)
	}
	kids, live := map[string]bool{}, []string{}
	for range 36 { // three hours
		token := f.login(c, "openid", nil).ID
		header, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
		if err != nil {
			t.Fatal(err)
		}
		kids[string(header)] = true
		live = append(live, token)
		if len(live) > 11 {
			live = live[1:] // an hour old, and dead
		}
		for _, token := range live {
			verify(token)
		}
		f.Clock.Move(5*time.Minute - time.Second)
		verify(token) // with the keys of before
		f.Clock.Move(time.Second)
	}
	if len(kids) != 2 {
		t.Errorf("%d keys signed: there was no rotation", len(kids))
	}
}
