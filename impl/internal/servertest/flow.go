package servertest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/charterauth/charter/impl/server"
)

// A Client is a registered client, as its developer knows it.
type Client struct {
	ID, Secret        string
	RegistrationToken string
	RedirectURI       string // the first registered
}

// Verifier is the code_verifier of the flows here.
const Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// Challenge is its S256 code_challenge (RFC 7636 Appendix B).
var Challenge = func() string {
	sum := sha256.Sum256([]byte(Verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}()

// Register registers a client with metadata, a JSON object.
func (s *Server) Register(metadata string) Client {
	s.t.Helper()
	info := Decode(s.t, s.JSON(http.MethodPost, "/register", metadata), http.StatusCreated)
	text := func(name string) string { v, _ := info[name].(string); return v }
	c := Client{ID: text("client_id"), Secret: text("client_secret"), RegistrationToken: text("registration_access_token")}
	if uris, ok := info["redirect_uris"].([]any); ok && len(uris) > 0 {
		c.RedirectURI, _ = uris[0].(string)
	}
	return c
}

// Public registers a public client.
func (s *Server) Public() Client {
	s.t.Helper()
	return s.Register(`{"client_name":"Public","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]}`)
}

// Confidential registers a client that authenticates with client_secret_basic.
func (s *Server) Confidential() Client {
	s.t.Helper()
	return s.Register(`{"client_name":"Confidential","redirect_uris":["https://web.example.com/cb"],"grant_types":["authorization_code","refresh_token","client_credentials"]}`)
}

// Request is a good authorization request of c, with changes: an empty value
// removes the parameter.
func (c Client) Request(changes url.Values) url.Values {
	q := url.Values{
		"client_id": {c.ID}, "response_type": {"code"}, "redirect_uri": {c.RedirectURI},
		"code_challenge": {Challenge}, "code_challenge_method": {"S256"}, "state": {"xyz"}, "scope": {"read write"},
	}
	return changed(q, changes)
}

func changed(q, changes url.Values) url.Values {
	q = maps.Clone(q)
	for name, values := range changes {
		if len(values) == 0 || len(values) == 1 && values[0] == "" {
			delete(q, name)
			continue
		}
		q[name] = values
	}
	return q
}

// Pending starts the authorization request q and returns what waits.
func (s *Server) Pending(q url.Values) *server.Pending {
	s.t.Helper()
	res := s.Get("/authorize", q)
	if res.StatusCode != http.StatusSeeOther {
		body, _ := io.ReadAll(res.Body)
		s.t.Fatalf("authorize: status %d: %s", res.StatusCode, body)
	}
	to, err := res.Location()
	if err != nil {
		s.t.Fatal(err)
	}
	handle := to.Query().Get("request")
	if handle == "" {
		s.t.Fatalf("authorize went to %s", to)
	}
	r, err := http.NewRequest(http.MethodGet, Issuer+"/ask", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	Cookies(res)(r)
	p, err := s.Server.Pending(context.Background(), r, handle)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// Allow lets alice allow what waits, with props, and returns the parameters that
// the client receives.
func (s *Server) Allow(p *server.Pending, props string) url.Values {
	s.t.Helper()
	d := server.Decision{Subject: "alice", AuthTime: s.Clock.Now()}
	if props != "" {
		d.Props = json.RawMessage(props)
	}
	response, err := s.Complete(context.Background(), p, d)
	if err != nil {
		s.t.Fatal(err)
	}
	return parameters(s.t, response.Location())
}

func parameters(t testing.TB, location string) url.Values {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// Code runs an authorization request to its code.
func (s *Server) Code(c Client, changes url.Values) string {
	s.t.Helper()
	code := s.Allow(s.Pending(c.Request(changes)), "").Get("code")
	if code == "" {
		s.t.Fatal("no code")
	}
	return code
}

// Exchange is a good token request for a code of c, with changes as in Request.
func (c Client) Exchange(code string, changes url.Values) url.Values {
	return changed(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.RedirectURI},
		"code_verifier": {Verifier}, "client_id": {c.ID},
	}, changes)
}

// Refresh is a good refresh request of c, with changes as in Request.
func (c Client) Refresh(token string, changes url.Values) url.Values {
	return changed(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {c.ID}}, changes)
}

// Auth authenticates c: with its secret by Basic, or, for a public client, not
// at all.
func (c Client) Auth() func(*http.Request) {
	if c.Secret == "" {
		return func(*http.Request) {}
	}
	return Basic(c.ID, c.Secret)
}

// Tokens are what the token endpoint answered.
type Tokens struct{ Access, Refresh, Scope, ID string }

// Token sends a token request of c that must succeed.
func (s *Server) Token(c Client, form url.Values) Tokens {
	s.t.Helper()
	members := Decode(s.t, s.Post("/token", form, c.Auth()), http.StatusOK)
	text := func(name string) string { v, _ := members[name].(string); return v }
	return Tokens{text("access_token"), text("refresh_token"), text("scope"), text("id_token")}
}

// Grant runs the whole code flow for c.
func (s *Server) Grant(c Client) Tokens {
	s.t.Helper()
	return s.Token(c, c.Exchange(s.Code(c, nil), nil))
}
