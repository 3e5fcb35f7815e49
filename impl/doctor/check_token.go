package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// unknownCode is a token request that must be refused, for its code alone.
func (s *session) unknownCode() call {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {"charter-doctor"}, "code_verifier": {verifier},
		"redirect_uri": {s.redirectURI()}, "client_id": {s.clientID},
	}
	if resource := s.audience(); resource != "" {
		form.Set("resource", resource)
	}
	header := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
	if s.client.Origin != "" {
		header["Origin"] = s.client.Origin
	}
	c := call{method: http.MethodPost, url: s.metadata.text("token_endpoint"), header: header}
	switch secret := s.registered.text("client_secret"); s.registered.text("token_endpoint_auth_method") {
	case "client_secret_post":
		form.Set("client_secret", secret)
	case "client_secret_basic", "": // RFC 7591 §2: the default
		if secret != "" {
			form.Del("client_id")
			header["Authorization"] = "Basic " + basic(s.clientID, secret)
		}
	}
	c.body = form.Encode()
	return c
}

// signs reports whether the client, who names itself by its document, would
// authenticate with a key here: its document says so, and the server takes it.
func (s *session) signs() bool {
	return s.byDocument && s.document.text("token_endpoint_auth_method") == "private_key_jwt" &&
		slices.Contains(s.metadata.texts("token_endpoint_auth_methods_supported"), "private_key_jwt")
}

func checkTokenError(ctx context.Context, s *session) verdict {
	a, err := s.send(ctx, s.unknownCode())
	if err != nil {
		return failed("the token endpoint cannot be reached: " + err.Error())
	}
	switch code := a.members().text("error"); {
	case a.status == http.StatusOK:
		return failed("the token endpoint answers a code that nobody was given")
	case code == "":
		return failed("the error is no JSON object with error")
	case code == "invalid_client" && a.status == http.StatusUnauthorized && s.signs():
		return passed // only the client has the key; without it this is all that a server may say
	case code != "invalid_grant":
		return failed("the error is " + code)
	case a.status != http.StatusBadRequest:
		return failed(fmt.Sprintf("the status is %d", a.status))
	}
	return passed
}
