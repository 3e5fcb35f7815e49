package client

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/oauth"
)

var testRules = Rules{GrantTypes: gen.GrantTypeValues(), RequestObjects: true}

// with returns a valid registration with other members: "" takes a member away.
func with(t testing.TB, members map[string]string) []byte {
	t.Helper()
	all := map[string]json.RawMessage{"redirect_uris": json.RawMessage(`["https://app.example.com/cb"]`)}
	for name, value := range members {
		if all[name] = json.RawMessage(value); value == "" {
			delete(all, name)
		}
	}
	document, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func mustParse(t testing.TB, document []byte) Metadata {
	t.Helper()
	m, err := Parse(document, testRules)
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return m
}

// codeOf is the error code that an answer would carry.
func codeOf(err error) string {
	if problem, ok := errors.AsType[*gen.Problem](err); ok {
		return problem.Code
	}
	if e, ok := errors.AsType[*oauth.Error](err); ok {
		return e.Code
	}
	return ""
}

type memberTest struct{ name, member, value, code string }

// run registers with one member and expects its code; "" is success. That the
// rest of the registration is good is what the rows with "" show.
func (c memberTest) run(t *testing.T) {
	t.Helper()
	_, err := Parse(with(t, map[string]string{c.member: c.value}), testRules)
	if got := codeOf(err); got != c.code || (err != nil) != (c.code != "") {
		t.Errorf("%s: %.80s: %v, want %q", c.name, c.value, err, c.code)
	}
}

func TestParseMembers(t *testing.T) {
	proof.Of(t, "WOP-97", "CVE-2026-9689", "ATK-13", "ATK-113", "ATK-111", "MAD-6", "ATK-79", "ATK-37", "ATK-132")
	const metadata, redirect = "invalid_client_metadata", "invalid_redirect_uri"
	long := func(n int) string { return `"` + strings.Repeat("a", n) + `"` }
	for _, c := range []memberTest{
		{"RFC7591-5-3 redirect_uris missing", "redirect_uris", "", redirect},
		{"RFC7591-2-1 no redirect URI", "redirect_uris", `[]`, redirect},
		{"RFC7591-5-4 TLS", "redirect_uris", `["https://a.example/"]`, ""},
		{"RFC7591-5-4 loopback", "redirect_uris", `["http://127.0.0.1/"]`, ""},
		{"RFC9700-2.6-5 http", "redirect_uris", `["http://a.example/"]`, redirect},
		{"RFC9700-2.6-5 http beside a good one", "redirect_uris", `["https://a.example/","http://a.example/"]`, redirect},
		{"WOP-97 beside a good one", "redirect_uris", `["https://a.example/","javascript:x"]`, redirect},
		{"WOP-97 upper case, beside a good one", "redirect_uris", `["https://a.example/","JAVASCRIPT:x"]`, redirect},
		{"CVE-2026-9086 leading control byte", "redirect_uris", `["https://a.example/","\u0001javascript:x"]`, redirect},
		{"CVE-2025-58444 embedded newline", "redirect_uris", `["https://a.example/","java\nscript:x"]`, redirect},
		{"CVE-2026-9689", "redirect_uris", `["https://a.example/?code=x"]`, redirect},
		{"unusable beside a good one", "redirect_uris", `["cursor://x/cb","https://a.example/"]`, ""},
		{"only unusable", "redirect_uris", `["cursor://x/cb"]`, redirect},
		{"ATK-13 private use of a web client", "redirect_uris", `["com.example.app:/cb"]`, redirect},
		{"ATK-113 20 redirect URIs", "redirect_uris", list(20), ""},
		{"ATK-113 21 redirect URIs", "redirect_uris", list(21), redirect},
		{"ATK-111 method", "token_endpoint_auth_method", `"private_key_jwt"`, metadata},
		{"ATK-111 unknown method", "token_endpoint_auth_method", `"x"`, metadata},
		{"none", "token_endpoint_auth_method", `"none"`, ""},
		{"post", "token_endpoint_auth_method", `"client_secret_post"`, ""},
		{"ATK-111 implicit", "grant_types", `["implicit"]`, metadata},
		{"ATK-111 password", "grant_types", `["password"]`, metadata},
		{"ATK-111 both", "grant_types", `["implicit","password"]`, metadata},
		{"implicit beside the code grant", "grant_types", `["implicit","authorization_code"]`, ""},
		{"refresh alone", "grant_types", `["refresh_token"]`, metadata},
		{"RFC7591-2.1-1 code without its grant", "response_types", `["code"]`, ""},
		{"RFC7591-2.1-1 token alone", "response_types", `["token"]`, metadata},
		{"MAD-6 id_token alone", "response_types", `["id_token"]`, metadata},
		{"token beside code", "response_types", `["code","token"]`, ""},
		{"web", "application_type", `"web"`, ""},
		{"OIDC-REG-2-6 unknown type", "application_type", `"spa"`, metadata},
		{"scope", "scope", `"a b"`, ""},
		{"ATK-79 two spaces", "scope", `"a  b"`, metadata},
		{"ATK-79 quote", "scope", `"a\""`, metadata},
		{"ATK-79 long token", "scope", long(300), metadata},
		{"name", "client_name", `"Büro \u202e app"`, ""},
		{"ATK-37 name with a newline", "client_name", `"a\nb"`, metadata},
		{"ATK-132 name with NUL", "client_name", `"a\u0000b"`, metadata},
		{"ATK-132 name with C1 control", "client_name", `"a\u0085b"`, metadata},
		{"ATK-37 long name", "client_name", long(10240), metadata},
		{"contacts", "contacts", `["a@b.example"]`, ""},
		{"ATK-132 contact with CR", "contacts", `["a\r"]`, metadata},
		{"ATK-113 contacts", "contacts", list(101), metadata},
		{"software_version with a control", "software_version", `"1\u0007"`, metadata},
		{"RFC7591-2-16 not understood", "x-color", `{"a":[1]}`, ""},
		{"RFC7591-3.1.1 statement", "software_statement", `"e30.e30."`, ""},
		{"RP-META-4-2 a supported one in the list", "token_endpoint_auth_methods_supported", `["private_key_jwt","client_secret_post"]`, ""},
		{"RP-META-4-4 none supported in the list", "token_endpoint_auth_methods_supported", `["private_key_jwt"]`, metadata},
		{"list of no texts", "token_endpoint_auth_methods_supported", `[1]`, metadata},
	} {
		c.run(t)
	}
}

// list is a JSON array of n https URLs, which do as contacts too.
func list(n int) string {
	return `["https://a.example/` + strings.Join(strings.Split(strings.Repeat("x", n), ""), `","https://a.example/`) + `"]`
}

// TestParseURIs is ATK-112, MAD-30 and CVE-2026-22752: every URI member and its
// translations are https by our grammar.
func TestParseURIs(t *testing.T) {
	proof.Of(t, "RFC7591-5-8")
	proof.Of(t, "ATK-112")
	members := []string{"client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri"}
	for _, base := range members[:4] {
		members = append(members, base+"#de")
	}
	for _, member := range members {
		memberTest{member, member, `"https://app.example.com/x?code=1"`, ""}.run(t)
		for _, bad := range []string{
			"http://app.example.com/", "http://127.0.0.1/", "javascript:alert(1)", "data:image/png;base64,eA==", "file:///x", "//evil.com/x",
			"https:app.example.com", "https://app@evil.com/", `https:/\\evil.com/`, "https://127.1/", "https://[::ffff:1.2.3.4]/",
			"https://app.example.com/x/../y", "https://app.example.com/%zz", "https://app.example.com/?%zz", "https://app.example.com/%0d%0a",
			"https://*.example.com/", "https://\u24d0pp.example.com/", " https://app.example.com/", "HTTPS://app.example.com/",
		} {
			memberTest{member, member, `"` + bad + `"`, "invalid_client_metadata"}.run(t)
		}
	}
	memberTest{"fragment", "tos_uri", `"https://app.example.com/#terms"`, ""}.run(t)
	memberTest{"fragment", "jwks_uri", `"https://app.example.com/#x"`, "invalid_client_metadata"}.run(t)
}

// TestParseDefaults: what is left out gets a value, and what is registered is
// told (RFC7591-2-5, RFC7591-2-6, RFC7591-2-7, RFC7591-3.2.1-7, RFC8252-7.2-1).
func TestParseDefaults(t *testing.T) {
	proof.Of(t, "ATK-110", "ATK-114")
	for _, c := range []struct{ name, document, want string }{
		{
			"defaults", `{"redirect_uris":["https://a.example/"]}`,
			`{"application_type":"web","grant_types":["authorization_code"],"redirect_uris":["https://a.example/"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_basic"}`,
		},
		{
			"no redirect, no response type", `{"grant_types":["client_credentials"]}`,
			`{"application_type":"web","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic"}`,
		},
		{
			"supported ones stay, once", `{"redirect_uris":["https://a.example/","https://a.example/"],"grant_types":["authorization_code","urn:x","refresh_token","authorization_code"],"response_types":["code","code","token"],"token_endpoint_auth_method":"none"}`,
			`{"application_type":"web","grant_types":["authorization_code","refresh_token"],"redirect_uris":["https://a.example/"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		},
		{
			"RP-META-2-1, RP-META-2-2 the list is input alone", `{"redirect_uris":["https://a.example/"],"token_endpoint_auth_methods_supported":["private_key_jwt","none"]}`,
			`{"application_type":"web","grant_types":["authorization_code"],"redirect_uris":["https://a.example/"],"response_types":["code"],"token_endpoint_auth_method":"none"}`,
		},
		{
			"ATK-110 only members of the list", `{"redirect_uris":["https://a.example/"],"id":"x","client_id":"chosen","owner":"x","trusted":true,"skip_consent":true,"source":"operator","insecure_no_pkce":true,"secrets":["x"],"client_secret":"x","Localized":{"a":"b"}}`,
			`{"application_type":"web","grant_types":["authorization_code"],"redirect_uris":["https://a.example/"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_basic"}`,
		},
		{
			"ATK-114 RFC7591-3.2.1-8 an unused statement is not told", `{"redirect_uris":["https://a.example/"],"software_statement":"e30.e30."}`,
			`{"application_type":"web","grant_types":["authorization_code"],"redirect_uris":["https://a.example/"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_basic"}`,
		},
	} {
		m := mustParse(t, []byte(c.document))
		if got := string(m.JSON()); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		checkStored(t, m)
	}
}

// checkStored is the promise to the database and to the policy hook: what JSON
// returned reads back as the same, by both ways.
func checkStored(t testing.TB, m Metadata) {
	t.Helper()
	restored, err := Restore(m.JSON())
	if err != nil || string(restored.JSON()) != string(m.JSON()) || !slices.Equal(restored.UsableRedirectURIs(), m.UsableRedirectURIs()) {
		t.Errorf("restored %s, %v from %s", restored.JSON(), err, m.JSON())
	}
	again, err := Parse(m.JSON(), testRules)
	if err != nil || string(again.JSON()) != string(m.JSON()) {
		t.Errorf("parsed %s, %v from %s", again.JSON(), err, m.JSON())
	}
	info, err := json.Marshal(m.Information())
	if err != nil {
		t.Fatal(err)
	}
	answered, err := Parse(info, testRules)
	if err != nil || string(answered.JSON()) != string(m.JSON()) {
		t.Errorf("answered %s, %v for %s", info, err, m.JSON())
	}
	if marshalled, err := json.Marshal(m); err != nil || string(marshalled) != string(m.JSON()) {
		t.Errorf("marshalled %s, %v", marshalled, err)
	}
}

func TestParseRefusesDoubleMeaning(t *testing.T) {
	proof.Of(t, "ATK-110", "ATK-159", "RFC7591-2.2-1")
	const uris = `"redirect_uris":["https://a.example/"]`
	for _, c := range []struct{ name, document string }{
		{"ATK-110 member in another case", `{` + uris + `,"Redirect_URIs":["https://b.example/"]}`},
		{"ATK-110 member twice", `{` + uris + `,` + uris + `}`},
		{"ATK-159 something after it", `{` + uris + `}{}`},
		{"ATK-159 array", `[{` + uris + `}]`},
		{"RFC7591-2-13 jwks and jwks_uri", `{` + uris + `,"jwks":{"keys":[]},"jwks_uri":"https://a.example/k"}`},
		{"RFC7591-2.1-1 response type without its grant", `{` + uris + `,"grant_types":["client_credentials"],"response_types":["code"]}`},
		{"RFC6749-4.4 client_credentials of a public client", `{` + uris + `,"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"}`},
		{"RP-META-2-13 method not in the list", `{` + uris + `,"token_endpoint_auth_method":"none","token_endpoint_auth_methods_supported":["client_secret_basic"]}`},
		{"RFC7591-2.2-1 one language twice", `{` + uris + `,"client_name#de":"a","client_name#DE":"b"}`},
	} {
		if _, err := Parse([]byte(c.document), testRules); codeOf(err) != "invalid_client_metadata" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	mustParse(t, []byte(`{`+uris+`,"jwks":{"keys":[]},"client_name#de":"a","client_name#fr":"b"}`)) // the control
}

func TestPrivateUse(t *testing.T) {
	proof.Of(t, "ATK-13")
	const app = `"com.example.app:/cb"`
	for _, c := range []struct {
		name, kind, method string
		want               []string // usable
	}{
		{"RFC8252-7-1 native and public", "native", "none", []string{"https://a.example/", "com.example.app:/cb"}},
		{"ATK-13 with a secret", "native", "client_secret_basic", []string{"https://a.example/"}},
		{"ATK-13 web", "web", "none", []string{"https://a.example/"}},
	} {
		m := mustParse(t, with(t, map[string]string{
			"redirect_uris":    `["https://a.example/",` + app + `,"cursor://cb"]`,
			"application_type": `"` + c.kind + `"`, "token_endpoint_auth_method": `"` + c.method + `"`,
		}))
		if got := m.UsableRedirectURIs(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
		if len(m.RedirectURIs) != 3 {
			t.Errorf("%s: registered %q", c.name, m.RedirectURIs)
		}
		if MatchRedirectURI(m.UsableRedirectURIs(), "cursor://cb") {
			t.Errorf("%s: an unusable URI matched", c.name)
		}
		checkStored(t, m)
	}
}

func TestParseUpdate(t *testing.T) {
	if _, err := ParseUpdate(with(t, map[string]string{"client_id": `"x"`, "client_secret": `"y"`}), testRules); err != nil {
		t.Errorf("RFC7592-2.2-5: %v", err)
	}
	for _, name := range forbiddenInUpdate {
		if _, err := ParseUpdate(with(t, map[string]string{"client_id": `"x"`, name: `1`}), testRules); codeOf(err) != "invalid_client_metadata" {
			t.Errorf("RFC7592-2.2-2 %s: %v", name, err)
		}
	}
	if _, err := ParseUpdate([]byte(`nonsense`), testRules); codeOf(err) != "invalid_client_metadata" {
		t.Errorf("no JSON: %v", err)
	}
}
