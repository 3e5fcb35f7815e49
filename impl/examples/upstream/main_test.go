package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/interact/upstream"
	"github.com/charterauth/charter/impl/internal/person"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// TestSignInUpstream: alice, whom a second Charter knows, signs in there and a
// client of the program gets a token for her.
func TestSignInUpstream(t *testing.T) {
	ctx := t.Context()
	here, there := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	issuer := "http://" + here.Listener.Addr().String()
	// Cookies know no ports: the provider has another name.
	provider := "http://localhost:" + port(there)

	st := memory.New()
	people := interact.NewLocalAccounts(st)
	if err := people.Add(ctx, "alice", "correct horse battery staple"); err != nil {
		t.Fatal(err)
	}
	op, err := server.New(server.Config{
		Issuer: provider, Store: st, KeyEncryptionKey: servertest.KEK(t),
		Interaction: interact.Pages(interact.Config{Accounts: people, Store: st}), Claims: interact.Claims(people),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer op.Close()
	registered, secret, err := server.CreateClient(ctx, st, time.Now(), server.OperatorClient{
		Metadata: []byte(`{"client_name":"Notes","redirect_uris":["` + issuer + `/login/upstream"],"grant_types":["authorization_code"]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := newServer(ctx, issuer, filepath.Join(t.TempDir(), "app.db"), seal.GenerateKEK(), upstream.Config{
		Issuer: provider, ClientID: registered.ID, ClientSecret: secret,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	here.Config.Handler, there.Config.Handler = srv, op
	here.Start()
	defer here.Close()
	there.Start()
	defer there.Close()

	verifier := oauth2.GenerateVerifier()
	config := oauth2.Config{
		ClientID:    clientAt(t, issuer),
		RedirectURL: "https://app.example.com/cb",
		Scopes:      []string{"notes"},
		Endpoint:    oauth2.Endpoint{AuthURL: issuer + "/authorize", TokenURL: issuer + "/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	alice := person.Person{Name: "alice", Password: "correct horse battery staple",
		Through: []string{strings.TrimPrefix(provider, "http://"), strings.TrimPrefix(issuer, "http://")}}
	answer, err := alice.Decide(config.AuthCodeURL("xyz", oauth2.S256ChallengeOption(verifier)), "allow")
	if err != nil {
		t.Fatal(err)
	}
	token, err := config.Exchange(ctx, answer.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatalf("%v (the client received %v)", err, answer)
	}
	seen, err := srv.VerifyAccessToken(ctx, token.AccessToken)
	if err != nil || !strings.HasPrefix(seen.Subject, "u_") {
		t.Errorf("the token says %+v, %v; want an account of ours", seen, err)
	}
	known, err := people.Authenticate(ctx, "alice", "correct horse battery staple")
	if err != nil || known.Subject == seen.Subject {
		t.Errorf("the provider's subject %q is told to clients: %v", known.Subject, err)
	}
}

func clientAt(t *testing.T, issuer string) string {
	t.Helper()
	res, err := http.Post(issuer+"/register", "application/json", strings.NewReader(
		`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return servertest.Decode(t, res, http.StatusCreated)["client_id"].(string)
}

func port(s *httptest.Server) string {
	_, port, _ := strings.Cut(s.Listener.Addr().String(), ":")
	return port
}
