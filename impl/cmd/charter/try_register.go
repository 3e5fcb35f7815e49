package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// A trialClient is what the server registered (RFC 7591 §3.2.1, RFC 7592 §3).
type trialClient struct {
	ID          string `json:"client_id"`
	Secret      string `json:"client_secret"`
	AccessToken string `json:"registration_access_token"`
	URI         string `json:"registration_client_uri"`
}

// trialAnswer is every other answer that a trial reads.
type trialAnswer struct {
	trialError
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	Scope        string `json:"scope"`
	Active       bool   `json:"active"`
	ClientID     string `json:"client_id"`
	Sub          string `json:"sub"`
}

// register makes a native client (RFC 8252), or takes the one that is named.
func (t *trial) register(ctx context.Context, redirectURI string) error {
	if t.clientID != "" {
		t.client.ID = t.clientID
		t.step("register", "not needed, as client %s", t.clientID)
		return nil
	}
	if t.metadata.RegistrationEndpoint == "" {
		return errors.New("the server registers no clients; make one (charter clients create --name Try --application-type native --auth-method none --redirect-uri http://127.0.0.1/callback) and name it with --client-id")
	}
	method := "none"
	if t.confidential {
		method = "client_secret_basic"
	}
	document, err := json.Marshal(map[string]any{
		"client_name": "charter try", "application_type": "native", "redirect_uris": []string{redirectURI},
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
		"token_endpoint_auth_method": method,
	})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.metadata.RegistrationEndpoint, bytes.NewReader(document))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	status, err := t.do(r, nil, &t.client)
	if err != nil {
		return err
	}
	if status >= 300 || t.client.ID == "" {
		return fmt.Errorf("registration answers %d; -v shows what, and --client-id names a client that exists", status)
	}
	t.step("register", "client %s", t.client.ID)
	return nil
}

// unregister deletes what register made, where the server lets it (RFC 7592
// §2.3).
func (t *trial) unregister(ctx context.Context) error {
	if t.client.URI == "" || t.client.AccessToken == "" {
		return nil
	}
	if err := secureEndpoint("registration_client_uri", t.client.URI); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodDelete, t.client.URI, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+t.client.AccessToken)
	status, err := t.do(r, nil, nil)
	if err != nil {
		return err
	}
	if status != http.StatusNoContent {
		t.step("unregister", "the server answers %d; client %s stays", status, t.client.ID)
		return nil
	}
	t.step("unregister", "client %s is gone", t.client.ID)
	return nil
}
