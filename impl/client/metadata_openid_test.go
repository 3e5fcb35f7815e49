package client

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

const testKey = `{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`

// Each member alone: what is taken, and what is invalid_client_metadata.
func TestOpenIDMembers(t *testing.T) {
	proof.Of(t, "OIDC-REG-2-11", "OIDC-REG-2-27", "OIDC-REG-2-30", "OIDC-REG-5-1", "OIDC-REG-2-16", "OIDC-RPLO-2-2", "OIDC-RPLO-3.1-1",
		"OIDC-BCLO-2.2-1", "OIDC-BCLO-2.2-3", "OIDC-BCLO-2.2-4")
	const refused = "invalid_client_metadata"
	for _, c := range []memberTest{
		{"web", "application_type", `"web"`, ""},
		{"another type", "application_type", `"desktop"`, refused},
		{"public", "subject_type", `"public"`, ""},
		{"pairwise", "subject_type", `"pairwise"`, ""},
		{"another subject type", "subject_type", `"ephemeral"`, refused},
		{"sector", "sector_identifier_uri", `"https://sector.example.com/uris.json"`, ""},
		{"sector by http", "sector_identifier_uri", `"http://sector.example.com/uris.json"`, refused},
		{"sector with a parameter of answers", "sector_identifier_uri", `"https://sector.example.com/?code=x"`, refused},
		{"sector in capitals", "sector_identifier_uri", `"https://SECTOR.example.com/uris.json"`, refused},
		{"sector with a bad escape", "sector_identifier_uri", `"https://sector.example.com/%zz"`, refused},
		{"sector with a space", "sector_identifier_uri", `"https://sector.example.com/?a b"`, refused},
		{"ID tokens by RS256", "id_token_signed_response_alg", `"RS256"`, ""},
		{"ID tokens by EdDSA", "id_token_signed_response_alg", `"EdDSA"`, ""},
		{"ID tokens unsigned", "id_token_signed_response_alg", `"none"`, refused},
		{"ID tokens by HMAC", "id_token_signed_response_alg", `"HS256"`, refused},
		{"userinfo by PS256", "userinfo_signed_response_alg", `"PS256"`, ""},
		{"userinfo unsigned", "userinfo_signed_response_alg", `"none"`, refused},
		{"request objects by ES256", "request_object_signing_alg", `"ES256"`, ""},
		{"request objects unsigned", "request_object_signing_alg", `"none"`, refused},
		{"assertions by none", "token_endpoint_auth_signing_alg", `"none"`, refused},
		{"assertions by a SHA-1 algorithm", "token_endpoint_auth_signing_alg", `"RS1"`, refused},
		{"max age 0", "default_max_age", `0`, ""},
		{"max age negative", "default_max_age", `-1`, refused},
		{"max age text", "default_max_age", `"60"`, refused},
		{"auth_time", "require_auth_time", `true`, ""},
		{"auth_time text", "require_auth_time", `"true"`, refused},
		{"acr values", "default_acr_values", `["urn:example:loa:2","1"]`, ""},
		{"acr value with a space", "default_acr_values", `["a b"]`, refused},
		{"login", "initiate_login_uri", `"https://app.example.com/login?a=b"`, ""},
		{"login with a space in its query", "initiate_login_uri", `"https://app.example.com/login?a b"`, refused},
		{"login with markup in its query", "initiate_login_uri", `"https://app.example.com/login?<a>"`, refused},
		{"login with a backslash in its query", "initiate_login_uri", `"https://app.example.com/login?\\\\a"`, refused},
		{"login by http", "initiate_login_uri", `"http://app.example.com/login"`, refused},
		{"login by script", "initiate_login_uri", `"javascript:alert(1)"`, refused},
		{"request URIs", "request_uris", `["https://app.example.com/r.jwt#GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM"]`, ""},
		{"request URI by http", "request_uris", `["http://app.example.com/r.jwt"]`, refused},
		{"21 request URIs", "request_uris", `["` + strings.Repeat(`https://a.example/","`, 20) + `https://a.example/"]`, refused},
		{"after logout", "post_logout_redirect_uris", `["https://app.example.com/bye"]`, ""},
		{"after logout by http", "post_logout_redirect_uris", `["http://app.example.com/bye"]`, refused},
		{"after logout with a fragment", "post_logout_redirect_uris", `["https://app.example.com/bye#x"]`, refused},
		{"after logout by script", "post_logout_redirect_uris", `["javascript:alert(1)"]`, refused},
		{"back channel", "backchannel_logout_uri", `"https://elsewhere.example.com/logout"`, ""},
		{"back channel, no absolute URI", "backchannel_logout_uri", `"/logout"`, refused},
		{"back channel by http", "backchannel_logout_uri", `"http://app.example.com/logout"`, refused},
		{"back channel with a fragment", "backchannel_logout_uri", `"https://app.example.com/logout#x"`, refused},
		{"front channel", "frontchannel_logout_uri", `"https://app.example.com/logout"`, ""},
		{"front channel at another origin", "frontchannel_logout_uri", `"https://elsewhere.example.com/logout"`, refused},
		{"front channel at another port", "frontchannel_logout_uri", `"https://app.example.com:8443/logout"`, refused},
		{"keys by http", "jwks_uri", `"http://app.example.com/keys"`, refused},
		{"keys", "jwks_uri", `"https://app.example.com/keys"`, ""},
	} {
		c.run(t)
	}
}

// What members say of each other.
func TestOpenIDMembersTogether(t *testing.T) {
	proof.Of(t, "OIDC-REG-2-13", "OIDC-REG-2-14", "OIDC-CORE-8.1-3", "OIDC-CORE-8.1-4")
	for _, c := range []struct {
		name    string
		members map[string]string
		ok      bool
	}{
		{"private_key_jwt with keys", map[string]string{"token_endpoint_auth_method": `"private_key_jwt"`, "jwks": testKey}, true},
		{"private_key_jwt with keys elsewhere", map[string]string{"token_endpoint_auth_method": `"private_key_jwt"`, "jwks_uri": `"https://app.example.com/keys"`}, true},
		{"private_key_jwt without keys", map[string]string{"token_endpoint_auth_method": `"private_key_jwt"`}, false},
		{"private_key_jwt with no key of ours", map[string]string{"token_endpoint_auth_method": `"private_key_jwt"`, "jwks": `{"keys":[{"kty":"AKP","pub":"x"}]}`}, false},
		{"both places for keys", map[string]string{"jwks": testKey, "jwks_uri": `"https://app.example.com/keys"`}, false},
		{"private_key_jwt by HMAC", map[string]string{"token_endpoint_auth_method": `"private_key_jwt"`, "jwks": testKey, "token_endpoint_auth_signing_alg": `"HS256"`}, false},
		{"client_secret_jwt", map[string]string{"token_endpoint_auth_method": `"client_secret_jwt"`, "token_endpoint_auth_signing_alg": `"HS256"`}, true},
		{"client_secret_jwt by a key", map[string]string{"token_endpoint_auth_method": `"client_secret_jwt"`, "token_endpoint_auth_signing_alg": `"ES256"`}, false},
		{"requests must be signed", map[string]string{"require_signed_request_object": `true`, "jwks": testKey}, true},
		{"requests must be signed, by what", map[string]string{"require_signed_request_object": `true`}, false},
		{"pairwise at two hosts", map[string]string{"subject_type": `"pairwise"`, "redirect_uris": `["https://a.example/","https://b.example/"]`}, false},
		{"pairwise at two hosts with a sector", map[string]string{"subject_type": `"pairwise"`, "redirect_uris": `["https://a.example/","https://b.example/"]`, "sector_identifier_uri": `"https://c.example/"`}, true},
		{"pairwise at no host", map[string]string{"subject_type": `"pairwise"`, "application_type": `"native"`, "token_endpoint_auth_method": `"none"`, "redirect_uris": `["com.example.app:/cb"]`}, false},
		{"pairwise at no host with a sector", map[string]string{"subject_type": `"pairwise"`, "application_type": `"native"`, "token_endpoint_auth_method": `"none"`, "redirect_uris": `["com.example.app:/cb"]`, "sector_identifier_uri": `"https://c.example/"`}, true},
		{"encrypted", map[string]string{"id_token_encrypted_response_alg": `"RSA-OAEP-256"`, "jwks_uri": `"https://app.example.com/keys"`}, true},
		{"encrypted without keys", map[string]string{"id_token_encrypted_response_alg": `"RSA-OAEP-256"`}, false},
		{"encrypted to a key that is there", map[string]string{"userinfo_encrypted_response_alg": `"ECDH-ES"`, "jwks": strings.Replace(testKey, `"kty"`, `"use":"enc","kty"`, 1)}, true},
		{"encrypted to no key for it", map[string]string{"userinfo_encrypted_response_alg": `"RSA-OAEP-256"`, "jwks": testKey}, false},
		{"encrypted requests", map[string]string{"request_object_encryption_alg": `"RSA-OAEP-256"`, "request_object_encryption_enc": `"A256GCM"`}, true},
		{"requests' enc without alg", map[string]string{"request_object_encryption_enc": `"A256GCM"`}, false},
		{"enc without alg", map[string]string{"id_token_encrypted_response_enc": `"A256GCM"`, "jwks_uri": `"https://app.example.com/keys"`}, false},
		{"userinfo's enc without alg", map[string]string{"userinfo_encrypted_response_enc": `"A256GCM"`, "jwks_uri": `"https://app.example.com/keys"`}, false},
		{"pairwise at two ports of a host", map[string]string{"subject_type": `"pairwise"`, "redirect_uris": `["https://a.example/","https://a.example:8443/"]`}, true},
	} {
		_, err := Parse(with(t, c.members), testRules)
		if (err == nil) != c.ok || err != nil && codeOf(err) != "invalid_client_metadata" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What is not said of an encryption is what the standard says (OpenID Connect
// Registration §2), and a server without request objects has no client that must
// send them.
func TestOpenIDDefaults(t *testing.T) {
	m := mustParse(t, with(t, map[string]string{"id_token_encrypted_response_alg": `"RSA-OAEP-256"`, "userinfo_encrypted_response_alg": `"RSA-OAEP-256"`, "userinfo_encrypted_response_enc": `"A256GCM"`, "jwks_uri": `"https://app.example.com/keys"`}))
	if m.IDTokenEncryptedResponseEnc != "A128CBC-HS256" || m.UserinfoEncryptedResponseEnc != "A256GCM" {
		t.Errorf("enc is %q and %q", m.IDTokenEncryptedResponseEnc, m.UserinfoEncryptedResponseEnc)
	}
	if m := mustParse(t, with(t, nil)); m.IDTokenEncryptedResponseEnc != "" {
		t.Errorf("enc without encryption is %q", m.IDTokenEncryptedResponseEnc)
	}
	signed := with(t, map[string]string{"require_signed_request_object": `true`, "jwks": testKey})
	if _, err := Parse(signed, Rules{GrantTypes: testRules.GrantTypes}); codeOf(err) != "invalid_client_metadata" {
		t.Errorf("signed requests that the server does not take: %v", err)
	}
}

// One value of each list is registered, and the list is never answered.
func TestMetadataChoices(t *testing.T) {
	proof.Of(t, "RP-META-2-1", "RP-META-2-2", "RP-META-2-3", "RP-META-2-4", "RP-META-2-7", "RP-META-2-10", "RP-META-2-13", "RP-META-2-14", "RP-META-4-1", "RP-META-4-2", "RP-META-4-3", "RP-META-4-4")
	for _, c := range []struct{ single, list, value, offered, want string }{
		{"subject_type", "subject_types_supported", "", `["ephemeral","public"]`, "public"},
		{"subject_type", "subject_types_supported", `"pairwise"`, `["public","pairwise"]`, "pairwise"},
		{"subject_type", "subject_types_supported", `"pairwise"`, `["public"]`, ""},
		{"id_token_signed_response_alg", "id_token_signing_alg_values_supported", "", `["RS256","ES256"]`, "ES256"},
		{"id_token_signed_response_alg", "id_token_signing_alg_values_supported", `"RS256"`, `["RS256","ES256"]`, "RS256"},
		{"id_token_signed_response_alg", "id_token_signing_alg_values_supported", `"RS512"`, `["RS512","PS256"]`, "PS256"},
		{"id_token_signed_response_alg", "id_token_signing_alg_values_supported", "", `["RS512","none"]`, ""},
		{"id_token_signed_response_alg", "id_token_signing_alg_values_supported", `"ES256"`, `["RS256"]`, ""},
		{"userinfo_signed_response_alg", "userinfo_signing_alg_values_supported", "", `["RS512","EdDSA"]`, "EdDSA"},
		{"userinfo_signed_response_alg", "userinfo_signing_alg_values_supported", `"EdDSA"`, `["RS256"]`, ""},
		{"request_object_signing_alg", "request_object_signing_alg_values_supported", "", `["none","RS256"]`, "RS256"},
		{"request_object_signing_alg", "request_object_signing_alg_values_supported", `"RS256"`, `["ES256"]`, ""},
		{"token_endpoint_auth_method", "token_endpoint_auth_methods_supported", `"kerberos"`, `["kerberos","private_key_jwt"]`, "private_key_jwt"},
		{"token_endpoint_auth_method", "token_endpoint_auth_methods_supported", `"none"`, `["private_key_jwt"]`, ""},
		{"token_endpoint_auth_signing_alg", "token_endpoint_auth_signing_alg_values_supported", "", `["HS512","RS256"]`, "RS256"},
		{"token_endpoint_auth_signing_alg", "token_endpoint_auth_signing_alg_values_supported", `"RS256"`, `["ES256"]`, ""},
	} {
		m, err := Parse(with(t, map[string]string{c.single: c.value, c.list: c.offered, "jwks": testKey}), testRules)
		if (err == nil) != (c.want != "") || err != nil && codeOf(err) != "invalid_client_metadata" {
			t.Errorf("%s %s of %s: %v", c.single, c.value, c.offered, err)
			continue
		}
		if err != nil {
			continue
		}
		for where, document := range map[string]any{"stored": m, "answered": m.Information()} {
			var members map[string]json.RawMessage
			b, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, &members); err != nil {
				t.Fatal(err)
			}
			if string(members[c.single]) != `"`+c.want+`"` || members[c.list] != nil {
				t.Errorf("%s %s of %s: %s %s, %s", c.single, c.value, c.offered, where, members[c.single], members[c.list])
			}
		}
	}
	// Methods that rest on secrets and keys are not confused by a list.
	m := mustParse(t, with(t, map[string]string{"token_endpoint_auth_method": `"client_secret_jwt"`, "token_endpoint_auth_signing_alg_values_supported": `["ES256","HS256"]`}))
	if m.TokenEndpointAuthSigningAlg != "HS256" {
		t.Errorf("client_secret_jwt by %s", m.TokenEndpointAuthSigningAlg)
	}
	m = mustParse(t, with(t, map[string]string{"token_endpoint_auth_method": `"private_key_jwt"`, "jwks": testKey, "token_endpoint_auth_signing_alg_values_supported": `["HS256","ES256"]`}))
	if m.TokenEndpointAuthSigningAlg != "ES256" {
		t.Errorf("private_key_jwt by %s", m.TokenEndpointAuthSigningAlg)
	}
}

// The document of a sector lists every redirect URI.
func TestCheckSector(t *testing.T) {
	proof.Of(t, "OIDC-REG-5-2")
	m := mustParse(t, with(t, map[string]string{"redirect_uris": `["https://a.example/cb","https://b.example/cb"]`, "sector_identifier_uri": `"https://c.example/s"`, "subject_type": `"pairwise"`}))
	for _, c := range []struct {
		document string
		ok       bool
	}{
		{`["https://a.example/cb","https://b.example/cb","https://x.example/"]`, true},
		{`["https://a.example/cb"]`, false},
		{`["https://a.example/cb","https://b.example/CB"]`, false},
		{`[]`, false}, {`{"https://a.example/cb":1}`, false}, {`[1]`, false}, {`["https://a.example/cb","https://b.example/cb",1]`, false}, {``, false},
		{`["https://a.example/cb","https://b.example/cb"] x`, false},
	} {
		if err := m.CheckSector([]byte(c.document)); (err == nil) != c.ok || err != nil && codeOf(err) != "invalid_client_metadata" {
			t.Errorf("%s: %v", c.document, err)
		}
	}
	if m.Sector() != "c.example" {
		t.Errorf("sector %q", m.Sector())
	}
}
