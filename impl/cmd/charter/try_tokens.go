package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

func (t *trial) exchange(ctx context.Context, code, verifier, redirectURI string) (trialAnswer, error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier}, "redirect_uri": {redirectURI}}
	if t.resource != "" {
		form.Set("resource", t.resource)
	}
	tokens, err := t.post(ctx, t.metadata.TokenEndpoint, form)
	if err != nil {
		return tokens, err
	}
	if tokens.AccessToken == "" || !strings.EqualFold(tokens.TokenType, "Bearer") {
		return tokens, errors.New("the token endpoint gave no bearer token")
	}
	t.step("exchange", "%s token for scope %q, good for %v%s", tokens.TokenType, tokens.Scope,
		time.Duration(tokens.ExpiresIn)*time.Second, map[bool]string{true: ", with a refresh token"}[tokens.RefreshToken != ""])
	return tokens, nil
}

// inspect shows what an access token says: a JWT decoded, an opaque one
// introspected. The signature of a JWT is the resource server's to verify.
func (t *trial) inspect(ctx context.Context, token string) error {
	if header, claims, ok := decodeJWT(token); ok {
		t.step("token", "JWT %s", header)
		t.step("", "%s", claims)
		return nil
	}
	if t.client.Secret == "" || t.metadata.IntrospectionEndpoint == "" {
		t.step("token", "opaque: %s; --confidential registers a client that may introspect it", shorten(token))
		return nil
	}
	answer, err := t.post(ctx, t.metadata.IntrospectionEndpoint, url.Values{"token": {token}})
	if err != nil {
		return err
	}
	if !answer.Active {
		return errors.New("introspection says that the token is not active")
	}
	t.step("token", "opaque: active, sub %s, client %s, scope %q", answer.Sub, answer.ClientID, answer.Scope)
	return nil
}

// decodeJWT returns header and claims as they are written.
func decodeJWT(token string) (header, claims string, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", "", false
	}
	var texts [2]string
	for i := range texts {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || !json.Valid(text) {
			return "", "", false
		}
		texts[i] = string(text)
	}
	return texts[0], texts[1], true
}

func (t *trial) refresh(ctx context.Context, tokens trialAnswer) (trialAnswer, error) {
	if tokens.RefreshToken == "" {
		t.step("refresh", "the server gave no refresh token")
		return tokens, nil
	}
	next, err := t.post(ctx, t.metadata.TokenEndpoint, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken}})
	if err != nil {
		return tokens, err
	}
	rotated := "the refresh token stays"
	if next.RefreshToken != "" && next.RefreshToken != tokens.RefreshToken {
		rotated = "the refresh token was replaced"
	}
	if next.RefreshToken == "" { // RFC 6749 §6: the old one stays good
		next.RefreshToken = tokens.RefreshToken
	}
	t.step("refresh", "a new access token; %s", rotated)
	return next, nil
}

// revoke takes the grant back and looks whether it is: the refresh token must be
// refused.
func (t *trial) revoke(ctx context.Context, tokens trialAnswer) error {
	if t.metadata.RevocationEndpoint == "" {
		t.step("revoke", "the server has no revocation endpoint")
		return nil
	}
	token := tokens.RefreshToken
	if token == "" {
		token = tokens.AccessToken
	}
	status, err := t.send(ctx, t.metadata.RevocationEndpoint, url.Values{"token": {token}}, nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("the revocation endpoint answers %d", status)
	}
	if tokens.RefreshToken == "" {
		t.step("revoke", "done")
		return nil
	}
	var answer trialAnswer
	status, err = t.send(ctx, t.metadata.TokenEndpoint, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken}}, &answer)
	if err != nil {
		return err
	}
	if status == http.StatusOK {
		return errors.New("the refresh token is good after it was revoked")
	}
	t.step("revoke", "done: the refresh token now gets %s", answer.Code)
	return nil
}
