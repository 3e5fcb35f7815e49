package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/interact/upstream"
	"github.com/charterauth/charter/impl/internal/chromium"
	"github.com/charterauth/charter/impl/internal/person"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

func TestMain(m *testing.M) {
	code := m.Run()
	chromium.Close()
	os.Exit(code)
}

// A place is the program, and a second Charter at which alice has her account.
type place struct {
	issuer, provider string
	srv              *server.Server
	people           *interact.LocalAccounts
}

func newPlace(t *testing.T) place {
	t.Helper()
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
	t.Cleanup(func() { op.Close() })
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
	t.Cleanup(func() { srv.Close() })
	here.Config.Handler, there.Config.Handler = srv, op
	here.Start()
	t.Cleanup(here.Close)
	there.Start()
	t.Cleanup(there.Close)
	return place{issuer, provider, srv, people}
}

// TestSignInUpstream: alice, whom a second Charter knows, signs in there and a
// client of the program gets a token for her.
func TestSignInUpstream(t *testing.T) {
	ctx := t.Context()
	p := newPlace(t)
	issuer, provider, srv, people := p.issuer, p.provider, p.srv, p.people
	verifier := oauth2.GenerateVerifier()
	config := oauth2.Config{
		ClientID:    clientAt(t, issuer, "https://app.example.com/cb"),
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

// The same in a real browser, whose policies for forms and cookies apply to every
// hop: our question, the provider's login and question, and back to the client.
func TestInBrowser(t *testing.T) {
	p := newPlace(t)
	client := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<!doctype html><title>Client</title><p id="done">%d`, len(r.URL.Query().Get("code")))
	}))
	t.Cleanup(client.Close)
	config := oauth2.Config{
		ClientID: clientAt(t, p.issuer, "http://127.0.0.1/cb"), RedirectURL: client.URL + "/cb", Scopes: []string{"notes"},
		Endpoint: oauth2.Endpoint{AuthURL: p.issuer + "/authorize", TokenURL: p.issuer + "/token"},
	}
	b := chromium.Open(t, 390, 844, 40*time.Second)
	b.WithoutScripts()
	b.Do("be asked before signing in", chromedp.Navigate(config.AuthCodeURL("xyz", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()))),
		chromedp.WaitVisible(chromedp.CSS("button[value=allow]")))
	b.Look("question")
	b.Do("go to the provider", chromedp.Click(chromedp.CSS("button[value=allow]")), chromedp.WaitVisible(chromedp.CSS("#password")))
	if at, err := chromedp.Run(b.Context(), chromedp.Location()); err != nil || !strings.HasPrefix(at, p.provider+"/login") {
		t.Errorf("allowing leads to %s, %v", at, err)
	}
	b.Do("sign in there", chromedp.SendKeys(chromedp.CSS("#username"), "alice"), chromedp.SendKeys(chromedp.CSS("#password"), "correct horse battery staple"),
		chromedp.Click(chromedp.CSS("button[type=submit]")), chromedp.WaitVisible(chromedp.CSS("button[value=allow]")))
	b.Do("and come back", chromedp.Click(chromedp.CSS("button[value=allow]")), chromedp.WaitVisible(chromedp.CSS("#done")))
	at, err := chromedp.Run(b.Context(), chromedp.Location())
	if to, parseErr := url.Parse(at); err != nil || parseErr != nil || to.Query().Get("code") == "" || !strings.HasPrefix(at, client.URL) {
		t.Errorf("the client is answered at %s, %v", at, err)
	}
}

func clientAt(t *testing.T, issuer, redirectURI string) string {
	t.Helper()
	res, err := http.Post(issuer+"/register", "application/json", strings.NewReader(
		`{"redirect_uris":["`+redirectURI+`"],"application_type":"native","token_endpoint_auth_method":"none"}`))
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
