package client

import (
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// TestCheckClientIDURL is ATK-127 and the identifiers of CIMD §3.
func TestCheckClientIDURL(t *testing.T) {
	proof.Of(t, "CIMD-3-6", "CIMD02-3-1")
	proof.Of(t, "ATK-127", "ATK-120")
	loopback := Rules{InsecureLoopback: true}
	for _, c := range []struct {
		name, id string
		rules    Rules
		ok       bool
	}{
		{"CIMD-3-1 https", "https://app.example.com/client.json", testRules, true},
		{"CIMD02-3-1 port", "https://app.example.com:8443/client.json", testRules, true},
		{"CIMD02-3-1 default port is another client", "https://app.example.com:443/client.json", testRules, true},
		{"CIMD-3-6 query", "https://app.example.com/client?v=1", testRules, true},
		{"CIMD-3-1 http", "http://app.example.com/client.json", testRules, false},
		{"CIMD-3-1 http, loopback allowed", "http://app.example.com/client.json", loopback, false},
		{"CIMD-3-1 other scheme", "ftp://app.example.com/client.json", testRules, false},
		{"CIMD-3-1 private use", "com.example.app:/client.json", testRules, false},
		{"CIMD-3-1 upper case", "HTTPS://app.example.com/client.json", testRules, false},
		{"CIMD-3-2 no path", "https://app.example.com", testRules, false},
		{"CIMD-3-2 no path, query", "https://app.example.com?x", testRules, false},
		{"CIMD02-3-2 root", "https://app.example.com/", testRules, false},
		{"CIMD02-3-2 root, query", "https://app.example.com/?x", testRules, false},
		{"CIMD-3-3 dot segment", "https://app.example.com/./client.json", testRules, false},
		{"CIMD-3-3 two dots", "https://app.example.com/a/../client.json", testRules, false},
		{"CIMD-3-3 encoded dots", "https://app.example.com/a/%2e%2e/client.json", testRules, false},
		{"CIMD-3-4 fragment", "https://app.example.com/client.json#x", testRules, false},
		{"CIMD-3-4 empty fragment", "https://app.example.com/client.json#", testRules, false},
		{"CIMD-3-5 user", "https://u@app.example.com/client.json", testRules, false},
		{"CIMD-3-5 user and password", "https://u:p@app.example.com/client.json", testRules, false},
		{"RED-1 backslash", `https://app.example.com\client.json`, testRules, false},
		{"RED-8 space", "https://app.example.com/client.json ", testRules, false},
		{"RED-9 short IPv4", "https://127.1/client.json", testRules, false},
		{"ATK-120 loopback over http, switch off", "http://127.0.0.1:8080/client.json", testRules, false},
		{"CIMD02-8.6-2 switch on", "http://127.0.0.1:8080/client.json", loopback, true},
		{"2048 bytes", "https://app.example.com/" + strings.Repeat("a", 2024), testRules, true},
		{"2049 bytes", "https://app.example.com/" + strings.Repeat("a", 2025), testRules, false},
		{"empty", "", testRules, false},
	} {
		if err := CheckClientIDURL(c.id, c.rules); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

const testDocumentURL = "https://app.example.com/client.json"

// document returns a good metadata document with other members.
func document(t testing.TB, members map[string]string) []byte {
	all := map[string]string{"client_id": `"` + testDocumentURL + `"`, "client_name": `"App"`}
	for name, value := range members {
		all[name] = value
	}
	return with(t, all)
}

// TestParseDocument: MCP-REG-Implementation-Requirements-3, -6 and -9, CIMD §4.1
// and what -02 adds.
func TestParseDocument(t *testing.T) {
	proof.Of(t, "CIMD02-4.1-1", "CIMD02-8.6-3")
	for _, c := range []struct {
		name, member, value string
		ok                  bool
	}{
		{"as it is", "x", `1`, true},
		{"CIMD-4.1-2 other client_id", "client_id", `"https://app.example.com/client.jsoN"`, false},
		{"CIMD-4.1-2 default port", "client_id", `"https://app.example.com:443/client.json"`, false},
		{"CIMD-4.1-2 escaped letter", "client_id", `"https://app.example.com/%63lient.json"`, false},
		{"pairwise", "subject_type", `"pairwise"`, false},
		{"CIMD-4.1-2 missing", "client_id", ``, false},
		{"CIMD-4.1-2 null", "client_id", `null`, false},
		{"CIMD-4.1-2 list", "client_id", `["` + testDocumentURL + `"]`, false},
		{"CIMD-4.1-2 JSON escapes are the same text", "client_id", `"https:\/\/app.example.com\/client.json"`, true},
		{"FACT-1 client_id in another case too", "CLIENT_ID", `"https://evil.com/client.json"`, false},
		{"MCP-REG-9 no client_name", "client_name", ``, false},
		{"MCP-REG-9 empty client_name", "client_name", `""`, false},
		{"CIMD-4.5-1 no redirect_uris", "redirect_uris", ``, false},
		{"only unusable redirect URIs", "redirect_uris", `["cursor://x"]`, false},
		{"redirect URIs of another origin", "redirect_uris", `["https://other.example/cb","http://localhost/cb"]`, true},
		{"CIMD-4.1-4 secret", "client_secret", `"x"`, false},
		{"CIMD-4.1-4 empty secret", "client_secret", `""`, false},
		{"CIMD-4.1-4 secret in another case", "Client_Secret", `"x"`, false},
		{"CIMD-4.1-4 expiry", "client_secret_expires_at", `0`, false},
		{"CIMD02-4.1-1 private key", "jwks", `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"eA","d":"eA"}]}`, false},
		{"CIMD02-4.1-1 public key", "jwks", `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"eA"}]}`, true},
		{"CIMD02-8.6-3 script", "client_uri", `"javascript:alert(1)"`, false},
		{"grants", "grant_types", `["authorization_code","refresh_token","client_credentials"]`, true},
		{"CIMD02-4.2-1 only for authentication", "grant_types", `["client_credentials"]`, false},
		{"implicit", "grant_types", `["implicit"]`, false},
		{"no object", "jwks", `1`, false},
	} {
		m, err := ParseDocument(testDocumentURL, document(t, map[string]string{c.member: c.value}), testRules)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if err == nil && (m.AuthMethod() != None || m.HasGrant("client_credentials") || strings.Contains(string(m.JSON()), "client_id")) {
			t.Errorf("%s: %s", c.name, m.JSON())
		}
	}
	for _, id := range []string{"https://app.example.com/", "http://app.example.com/client.json"} {
		if _, err := ParseDocument(id, document(t, map[string]string{"client_id": `"` + id + `"`}), testRules); err == nil {
			t.Errorf("a document at %s", id)
		}
	}
	if _, err := ParseDocument(testDocumentURL, []byte(`<html>`), testRules); err == nil {
		t.Error("MCP-REG-6: a page is no document")
	}
}

// TestNegotiate: the method of a document (CIMD-4.1-3, CIMD-6.2-1, RP-META-4-1,
// RP-META-4-2, RP-META-4-3, RP-META-4-4).
func TestNegotiate(t *testing.T) {
	for _, c := range []struct {
		name, single, list string
		ok                 bool
	}{
		{"nothing said", "", "", true},
		{"none", `"none"`, "", true},
		{"private_key_jwt alone", `"private_key_jwt"`, "", false},
		{"private_key_jwt preferred, none offered", `"private_key_jwt"`, `["private_key_jwt","none"]`, true},
		{"none preferred, private_key_jwt offered", `"none"`, `["private_key_jwt","none"]`, true},
		{"only a list", "", `["private_key_jwt","none"]`, true},
		{"only a list, without none", "", `["private_key_jwt","tls_client_auth"]`, false},
		{"RP-META-2-13 not in the list", `"none"`, `["private_key_jwt"]`, false},
		{"CIMD-4.1-3 basic", `"client_secret_basic"`, "", false},
		{"CIMD-4.1-3 post", `"client_secret_post"`, "", false},
		{"CIMD-4.1-3 jwt", `"client_secret_jwt"`, "", false},
		{"CIMD-4.1-3 basic, none offered", `"client_secret_basic"`, `["client_secret_basic","none"]`, false},
		{"CIMD-4.1-3 basic in the list", "", `["client_secret_basic","none"]`, false},
		{"unknown", `"x"`, "", false},
		{"a list of numbers", "", `[1]`, false},
		{"the empty list", "", `[]`, true},
	} {
		members := map[string]string{"token_endpoint_auth_method": c.single, "token_endpoint_auth_methods_supported": c.list}
		m, err := ParseDocument(testDocumentURL, document(t, members), testRules)
		if (err == nil) != c.ok || err == nil && m.AuthMethod() != None {
			t.Errorf("%s: %q, %v", c.name, m.AuthMethod(), err)
		}
	}
}

// TestChooseMethod: the same at registration, where secrets can be shared.
func TestChooseMethod(t *testing.T) {
	for _, c := range []struct {
		single, list string
		want         Method
	}{
		{"", "", SecretBasic},
		{`"none"`, "", None},
		{`"client_secret_post"`, `["client_secret_basic","client_secret_post"]`, SecretPost},
		{`"private_key_jwt"`, `["private_key_jwt","client_secret_post","none"]`, SecretPost},
		{"", `["none","private_key_jwt"]`, None},
		{"", `["none","client_secret_basic"]`, SecretBasic},
	} {
		m := mustParse(t, with(t, map[string]string{"token_endpoint_auth_method": c.single, "token_endpoint_auth_methods_supported": c.list}))
		if m.AuthMethod() != c.want {
			t.Errorf("RP-META-4-3 %s of %s: %s", c.single, c.list, m.AuthMethod())
		}
	}
	if Methods()[0] != None || slices.ContainsFunc(Methods(), func(m Method) bool { return !m.Valid() }) || Method("").Valid() {
		t.Errorf("%q", Methods())
	}
}
