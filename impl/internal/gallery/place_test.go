package gallery

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/internal/person"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

const (
	password = "correct horse battery"
	notes    = "https://notes.example.com/mcp"
	// RFC 7636 appendix B.
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// descriptions are the scopes of the notes, in words.
var descriptions = map[string]string{
	"notes:read":   "read your notes",
	"notes:write":  "add and change notes",
	"notes:delete": "delete notes for good",
	"notes:share":  "share notes with people outside of your organisation, who then see them until you stop it",
	"profile":      "see your name and picture",
	"calendar":     "see when you are busy",
}

// A place is a server with the built-in pages, on the network.
type place struct {
	*servertest.Server
	url string
	t   *testing.T
}

// newPlace has the people nobody, who allowed nothing, alice and maria. own
// replaces pages.
func newPlace(t *testing.T, own fs.FS) *place {
	t.Helper()
	listener := httptest.NewUnstartedServer(nil)
	p := &place{url: "http://" + listener.Listener.Addr().String(), t: t}
	st := memory.New()
	accounts := interact.NewLocalAccounts(st)
	p.Server = servertest.New(t, st, func(c *server.Config) {
		c.Issuer = p.url
		c.Resources = []server.Resource{{URI: notes, Name: "Notes"}}
		c.Scopes = []string{"notes:read", "notes:write", "notes:delete", "notes:share", "profile", "calendar", "offline_access", "urn:example:params:very-long-scope-value-without-any-place-to-break-it"}
		c.Claims = interact.Claims(accounts)
		c.Interaction = interact.Pages(interact.Config{
			Accounts: accounts, SignUp: accounts.SignUp, Store: st, Service: "Example Cloud", ScopeDescriptions: descriptions, Templates: own, Now: c.Now,
		})
	})
	listener.Config.Handler = openapitest.Handler(t, p.Server)
	listener.Start()
	t.Cleanup(listener.Close)
	for _, name := range []string{"nobody", "alice", "maria.lopez-hernandez@example.com"} {
		if err := accounts.Add(t.Context(), name, password); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// register registers a client as itself and returns its identifier.
func (p *place) register(metadata string) string {
	p.t.Helper()
	res, err := http.Post(p.url+"/register", "application/json", strings.NewReader(metadata))
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var client struct {
		ID string `json:"client_id"`
	}
	if err := json.NewDecoder(res.Body).Decode(&client); err != nil || client.ID == "" {
		p.t.Fatalf("registration: %d %v", res.StatusCode, err)
	}
	return client.ID
}

// native registers a program on the person's machine.
func (p *place) native(name string) string {
	return p.register(`{"client_name":"` + name + `","application_type":"native","redirect_uris":["http://127.0.0.1/callback"],` +
		`"grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"none"}`)
}

// callback is a redirect URI that takes what is posted and shows nothing, so that the
// page that posts it stays.
func (p *place) callback() string {
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	p.t.Cleanup(program.Close)
	return program.URL + "/callback"
}

// verified has the operator register a web client.
func (p *place) verified(name string) string {
	p.t.Helper()
	client, _, err := server.CreateClient(p.t.Context(), p.Store, p.Clock.Now(), server.OperatorClient{Metadata: []byte(
		`{"client_name":"` + name + `","redirect_uris":["https://reports.example.com/callback"],"post_logout_redirect_uris":["https://reports.example.com/bye"],"token_endpoint_auth_method":"none"}`)})
	if err != nil {
		p.t.Fatal(err)
	}
	return client.ID
}

// request is the URL of an authorization request.
func (p *place) request(clientID, redirectURI, scope string) string {
	return p.url + "/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirectURI}, "scope": {scope}, "state": {"s"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}.Encode()
}

// tokens are what a client got.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

// allow has somebody allow a client something, and the client use it.
func (p *place) allow(who, clientID, redirectURI, scope string) tokens {
	p.t.Helper()
	browser := &person.Person{Name: who, Password: password}
	back, err := browser.Decide(p.request(clientID, redirectURI, scope), "allow")
	if err != nil {
		p.t.Fatal(err)
	}
	return p.token(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {clientID}, "code": {back.Query().Get("code")},
		"redirect_uri": {redirectURI}, "code_verifier": {verifier},
	})
}

func (p *place) refresh(clientID string, old tokens) tokens {
	p.t.Helper()
	return p.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "refresh_token": {old.Refresh}})
}

func (p *place) token(form url.Values) (got tokens) {
	p.t.Helper()
	res, err := http.PostForm(p.url+"/token", form)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.Access == "" {
		p.t.Fatalf("token: %d %v", res.StatusCode, err)
	}
	return got
}

// live reports whether a client's access token is still good.
func (p *place) live(of tokens) bool {
	_, err := p.VerifyAccessToken(p.t.Context(), of.Access)
	return err == nil
}
