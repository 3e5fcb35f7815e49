package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/charterauth/charter/impl/internal/person"
	"github.com/charterauth/charter/impl/seal"
)

// TestMainJob: somebody signs in to the embedded server, and a client gets a
// token.
func TestMainJob(t *testing.T) {
	listener := httptest.NewUnstartedServer(nil)
	issuer := "http://" + listener.Listener.Addr().String()
	srv, accounts, err := newServer(t.Context(), issuer, filepath.Join(t.TempDir(), "app.db"), seal.GenerateKEK())
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	listener.Config.Handler = srv
	listener.Start()
	defer listener.Close()
	if err := accounts.Add(t.Context(), "alice", "correct horse battery staple"); err != nil {
		t.Fatal(err)
	}

	verifier := oauth2.GenerateVerifier()
	config := oauth2.Config{
		ClientID:    register(t, issuer),
		RedirectURL: "https://app.example.com/cb",
		Scopes:      []string{"notes"},
		Endpoint:    oauth2.Endpoint{AuthURL: issuer + "/authorize", TokenURL: issuer + "/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	alice := person.Person{Name: "alice", Password: "correct horse battery staple"}
	answer, err := alice.Decide(config.AuthCodeURL("xyz", oauth2.S256ChallengeOption(verifier)), "allow")
	if err != nil {
		t.Fatal(err)
	}
	token, err := config.Exchange(t.Context(), answer.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatalf("%v (the client received %v)", err, answer)
	}
	if token.AccessToken == "" || token.Extra("scope") != "notes" {
		t.Errorf("token %+v with scope %v", token, token.Extra("scope"))
	}
	seen, err := srv.VerifyAccessToken(t.Context(), token.AccessToken)
	if err != nil || string(seen.Props) != `{"plan":"free"}` || seen.Subject == "" {
		t.Errorf("the token says %+v, %v", seen, err)
	}

	// The same with a wrong password ends on the login page.
	mallory := person.Person{Name: "alice", Password: "wrong"}
	answer, err = mallory.Decide(config.AuthCodeURL("xyz", oauth2.S256ChallengeOption(verifier)), "allow")
	if err == nil {
		t.Errorf("a wrong password sent the browser to %v", answer)
	}
}

func register(t *testing.T, issuer string) string {
	t.Helper()
	res, err := http.Post(issuer+"/register", "application/json", strings.NewReader(
		`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var client struct {
		ID string `json:"client_id"`
	}
	if err := json.NewDecoder(res.Body).Decode(&client); err != nil || client.ID == "" {
		t.Fatalf("registration: status %d, %v", res.StatusCode, err)
	}
	return client.ID
}
