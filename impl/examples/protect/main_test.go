package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// TestMainJob: a client without a token is told where to get one, gets it there,
// and calls the API with it, as far as its scope goes.
func TestMainJob(t *testing.T) {
	as, api := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	issuer, resource := "http://"+as.Listener.Addr().String(), "http://"+api.Listener.Addr().String()
	kek, err := seal.ParseKEK([]byte(seal.GenerateKEK()))
	if err != nil {
		t.Fatal(err)
	}
	st := memory.New()
	srv, err := server.New(server.Config{
		Issuer: issuer, Store: st, KeyEncryptionKey: kek,
		Resources: []server.Resource{{URI: resource, Scopes: []string{"notes", "notes:write"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	client, secret, err := server.CreateClient(t.Context(), st, time.Now(), server.OperatorClient{
		Metadata: []byte(`{"client_name":"Notes API","grant_types":["client_credentials"]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	as.Config.Handler = srv
	if api.Config.Handler, err = newAPI(resource, issuer, client.ID, secret); err != nil {
		t.Fatal(err)
	}
	as.Start()
	defer as.Close()
	api.Start()
	defer api.Close()

	res, err := http.Get(resource + "/notes")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	want := `resource_metadata="` + resource + `/.well-known/oauth-protected-resource"`
	if got := res.Header.Get("WWW-Authenticate"); res.StatusCode != http.StatusUnauthorized || !strings.Contains(got, want) {
		t.Errorf("without a token: %d %s", res.StatusCode, got)
	}
	// Any client of the server would do; this one needs no person.
	with := func(scopes ...string) *http.Client {
		c := clientcredentials.Config{
			ClientID: client.ID, ClientSecret: secret, TokenURL: issuer + "/token", Scopes: scopes,
			EndpointParams: url.Values{"resource": {resource}},
		}
		return c.Client(t.Context())
	}
	for _, c := range []struct {
		method string
		client *http.Client
		status int
		body   string
	}{
		{http.MethodGet, with("notes"), 200, "notes of " + client.ID},
		{http.MethodPost, with("notes"), 403, "insufficient_scope"},
		{http.MethodPost, with("notes", "notes:write"), 201, "a note more of " + client.ID},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, resource+"/notes", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.status || !strings.Contains(string(body), c.body) {
			t.Errorf("%s: %d %s", c.method, res.StatusCode, body)
		}
	}
}
