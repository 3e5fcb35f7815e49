package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store/memory"
)

// Everything that OpenID Connect Registration §2 and the logout specifications
// name is registered, answered, and read back, byte for byte; what is not
// understood is not.
func TestOpenIDRegistration(t *testing.T) {
	proof.Of(t, "OIDC-REG-3-1", "OIDC-REG-3-2", "OIDC-REG-3.2-1", "OIDC-REG-3.2-2", "OIDC-REG-3.2-3", "OIDC-REG-3.2-4", "OIDC-REG-3.2-7", "OIDC-REG-3.2-8", "OIDC-REG-3.2-9",
		"OIDC-REG-4.1-1", "OIDC-REG-4.1-3", "OIDC-REG-4.2-1", "OIDC-REG-4.3-1", "OIDC-REG-4.3-2", "OIDC-REG-4.4-1", "OIDC-REG-4.4-2", "OIDC-REG-4.4-4")
	f := newKeyFixture(t, memory.New(), servertest.OpenID)
	members := []string{
		`"redirect_uris":["https://app.example.com/cb"]`, `"application_type":"web"`, `"contacts":["ops@app.example.com"]`,
		`"client_name":"App"`, `"client_name#ja-Jpan-JP":"アプリ"`, `"logo_uri":"https://app.example.com/logo.png"`, `"client_uri":"https://app.example.com/"`,
		`"policy_uri":"https://app.example.com/privacy"`, `"tos_uri":"https://app.example.com/terms"`, `"tos_uri#fr":"https://app.example.com/conditions"`,
		`"jwks_uri":"https://app.example.com/keys"`, `"subject_type":"pairwise"`,
		`"id_token_signed_response_alg":"RS256"`, `"id_token_encrypted_response_alg":"RSA-OAEP-256"`, `"id_token_encrypted_response_enc":"A128GCM"`,
		`"userinfo_signed_response_alg":"RS256"`, `"request_object_signing_alg":"ES256"`, `"token_endpoint_auth_method":"private_key_jwt"`, `"token_endpoint_auth_signing_alg":"ES256"`,
		`"default_max_age":0`, `"require_auth_time":true`, `"default_acr_values":["urn:example:2","urn:example:1"]`, `"initiate_login_uri":"https://app.example.com/login"`,
		`"request_uris":["https://app.example.com/r.jwt"]`, `"post_logout_redirect_uris":["https://app.example.com/bye"]`,
		`"backchannel_logout_uri":"https://app.example.com/back"`, `"backchannel_logout_session_required":true`,
		`"frontchannel_logout_uri":"https://app.example.com/front"`, `"frontchannel_logout_session_required":true`,
	}
	res := f.JSON(http.MethodPost, "/register", `{`+strings.Join(members, ",")+`,"not_understood":{"a":1}}`, func(r *http.Request) { r.Header.Set("Origin", "https://anywhere.example") })
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusCreated || res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("%d %v %s, %v", res.StatusCode, res.Header, body, err)
	}
	for _, member := range members {
		if !strings.Contains(string(body), member) {
			t.Errorf("%s is not answered", member)
		}
	}
	if strings.Contains(string(body), "not_understood") || strings.Contains(string(body), `"client_secret"`) {
		t.Errorf("answered %s", body)
	}
	info := servertest.Decode(t, f.JSON(http.MethodPost, "/register", `{"redirect_uris":["https://app.example.com/cb"]}`), http.StatusCreated)
	id, _ := info["client_id"].(string)
	uri, _ := info["registration_client_uri"].(string)
	token, _ := info["registration_access_token"].(string)
	if uri != servertest.Issuer+"/register/"+id || token == "" || info["client_secret"] == nil || info["client_secret_expires_at"] == nil || info["token_endpoint_auth_method"] != "client_secret_basic" {
		t.Errorf("answered %v", info)
	}

	path := strings.TrimPrefix(uri, servertest.Issuer)
	first, _ := io.ReadAll(f.Get(path, nil, servertest.Bearer(token)).Body)
	second := f.Get(path, nil, servertest.Bearer(token))
	again, _ := io.ReadAll(second.Body)
	if string(first) != string(again) || second.StatusCode != http.StatusOK || second.Header.Get("Content-Type") != "application/json" {
		t.Errorf("read %s, then %s", first, again)
	}
	other := f.Register(`{"redirect_uris":["https://app.example.com/cb"]}`)
	for name, res := range map[string]*http.Response{
		"another client's token": f.Get(path, nil, servertest.Bearer(other.RegistrationToken)), "no token": f.Get(path, nil), "no such token": f.Get(path, nil, servertest.Bearer("x")),
		"no such client": f.Get("/register/AAAAAAAAAAAAAAAAAAAAAA", nil, servertest.Bearer(token)),
	} {
		if res.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: %d %v", name, res.StatusCode, res.Header)
		}
	}
}

// What a type of application may register, and no identifier or secret is given
// twice.
func TestOpenIDRegistrationConstraints(t *testing.T) {
	proof.Of(t, "OIDC-REG-2-1", "OIDC-REG-2-2", "OIDC-REG-2-3", "OIDC-REG-2-6", "OIDC-REG-3.2-5", "OIDC-REG-3.2-6")
	f := newKeyFixture(t, memory.New(), servertest.OpenID)
	for document, code := range map[string]string{
		`{}`: "invalid_redirect_uri",
		`{"redirect_uris":["com.example.app:/cb"],"application_type":"web"}`:                                        "invalid_redirect_uri",
		`{"redirect_uris":["http://app.example.com/cb"]}`:                                                           "invalid_redirect_uri",
		`{"redirect_uris":["https://app.example.com/cb"],"grant_types":["refresh_token"]}`:                          "invalid_client_metadata",
		`{"redirect_uris":["https://app.example.com/cb"],"response_types":["id_token"]}`:                            "invalid_client_metadata",
		`{"redirect_uris":["https://app.example.com/cb"],"grant_types":["implicit"]}`:                               "invalid_client_metadata",
		`{"redirect_uris":["com.example.app:/cb"],"application_type":"native","token_endpoint_auth_method":"none"}`: "",
	} {
		res := f.JSON(http.MethodPost, "/register", document)
		if code == "" {
			servertest.Decode(t, res, http.StatusCreated)
			continue
		}
		servertest.Refused(t, res, http.StatusBadRequest, code)
		if t.Failed() {
			t.Fatalf("by: %s", document)
		}
	}
	seen := map[string]bool{}
	for range 8 {
		c := f.Register(`{"redirect_uris":["https://app.example.com/cb"]}`)
		if seen[c.ID] || seen[c.Secret] || c.Secret == "" {
			t.Errorf("%q and %q are given twice", c.ID, c.Secret)
		}
		seen[c.ID], seen[c.Secret] = true, true
		for uri, status := range map[string]int{"https://app.example.com/cb": http.StatusSeeOther, "https://app.example.com/CB": http.StatusBadRequest, "https://app.example.com/cb/": http.StatusBadRequest, "https://app.example.com/cb?a=b": http.StatusBadRequest} {
			if res := f.Get("/authorize", c.Request(map[string][]string{"redirect_uri": {uri}})); res.StatusCode != status {
				t.Errorf("%s: %d, want %d", uri, res.StatusCode, status)
			}
		}
	}
}
