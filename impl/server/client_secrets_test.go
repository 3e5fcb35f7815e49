package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

func maced(f keyFixture, id, secret string) int {
	mac := clientKey{method: jwt.SigningMethodHS256, private: []byte(secret)}
	return f.Post("/token", with(machine, asserting(id, mac.raw(`{"alg":"HS256"}`, assertionClaims(f, id, nil))))).StatusCode
}

// The secret of a client_secret_jwt client is sealed, under its own row; those of
// other clients stay hashes.
func TestSealedSecret(t *testing.T) {
	proof.Of(t, "OIDC-CORE-16.19-1", "OIDC-CORE-16.19-2")
	st := memory.New()
	f := newKeyFixture(t, st)
	const metadata = `{"grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_jwt"}`
	c := f.operatorClient(server.OperatorClient{Metadata: []byte(metadata)})
	other := f.operatorClient(server.OperatorClient{Metadata: []byte(metadata)})
	stored, err := st.Client(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(stored.Secrets) != 1 || stored.Secrets[0].Hash != "" || strings.Contains(string(stored.Secrets[0].Sealed), c.Secret) {
		t.Errorf("stored %q", stored.Secrets)
	}
	if got := maced(f, c.ID, c.Secret); got != 200 {
		t.Errorf("status %d", got)
	}
	// 32 random bytes in base64: no less than HS256 has (RFC 7518 §3.2).
	if len(c.Secret) < 43 || c.Secret == other.Secret {
		t.Errorf("%d bytes, the same twice: %v", len(c.Secret), c.Secret == other.Secret)
	}
	// A row that is copied onto another opens nothing.
	swapped, err := st.Client(context.Background(), other.ID)
	if err != nil {
		t.Fatal(err)
	}
	swapped.Secrets = stored.Secrets
	if err := st.ReplaceClient(context.Background(), swapped); err != nil {
		t.Fatal(err)
	}
	if got := maced(f, other.ID, c.Secret); got != 500 {
		t.Errorf("a copied row: status %d", got)
	}
	if _, _, err := server.CreateClient(context.Background(), st, f.Clock.Now(), server.OperatorClient{Metadata: []byte(metadata)}); err == nil {
		t.Error("sealed without a key")
	}
}

// Rotation: both secrets are good during the overlap, and the old one is dead
// after it.
func TestSealedSecretRotates(t *testing.T) {
	proof.Of(t, "ATK-102")
	st := memory.New()
	f := newKeyFixture(t, st)
	c := f.operatorClient(server.OperatorClient{Metadata: []byte(`{"grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_jwt"}`)})
	key := func() (*seal.KEK, error) { return servertest.KEK(t), nil }
	secret, err := server.RotateClientSecret(context.Background(), st, f.Clock.Now(), c.ID, time.Hour, key)
	if err != nil {
		t.Fatal(err)
	}
	if old, fresh := maced(f, c.ID, c.Secret), maced(f, c.ID, secret); old != 200 || fresh != 200 {
		t.Errorf("during the overlap: %d, %d", old, fresh)
	}
	f.Clock.Move(time.Hour)
	if old, fresh := maced(f, c.ID, c.Secret), maced(f, c.ID, secret); old != 401 || fresh != 200 {
		t.Errorf("after it: %d, %d", old, fresh)
	}
}

// A registration that changes its method gets a secret of the other form, and is
// never left with one that both could use.
func TestSecretFollowsTheMethod(t *testing.T) {
	st := memory.New()
	f := newKeyFixture(t, st)
	c := f.Register(`{"redirect_uris":["https://app.example.com/cb"]}`)
	update := func(method, more string) map[string]any {
		return servertest.Decode(t, f.JSON(http.MethodPut, "/register/"+c.ID, `{"client_id":"`+c.ID+`","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"`+method+`"`+more+`}`, servertest.Bearer(c.RegistrationToken)), http.StatusOK)
	}
	sealed, _ := update("client_secret_jwt", "")["client_secret"].(string)
	if sealed == "" || sealed == c.Secret {
		t.Fatalf("secret %q", sealed)
	}
	if again := update("client_secret_jwt", `,"client_secret":"`+sealed+`"`); again["client_secret"] != nil {
		t.Errorf("the secret is told again: %v", again)
	}
	servertest.Refused(t, f.JSON(http.MethodPut, "/register/"+c.ID, `{"client_id":"`+c.ID+`","redirect_uris":["https://app.example.com/cb"],"client_secret":"wrong"}`, servertest.Bearer(c.RegistrationToken)), http.StatusBadRequest, "invalid_client_metadata")
	if info := update("client_secret_post", ""); info["client_secret"] == nil || info["client_secret"] == sealed {
		t.Errorf("answered %v", info)
	}
	if info := update("none", ""); info["client_secret"] != nil || info["client_secret_expires_at"] != nil {
		t.Errorf("answered %v", info)
	}
}
