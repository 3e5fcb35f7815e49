package client

import (
	"fmt"
	"maps"
	"runtime"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
)

func TestLocalized(t *testing.T) {
	proof.Of(t, "ATK-37", "ATK-131", "ATK-165")
	m := mustParse(t, with(t, map[string]string{
		"client_name": `"App"`, "client_name#ja-Jpan-JP": `"\u30a2\u30d7\u30ea"`, "client_name#de": `"<b>Büro</b>"`,
		"tos_uri#fr":     `"https://a.example/fr"`,
		"client_name#it": `null`, "client_name#es": `""`, // absent
		"client_name#": `"x"`, "client_name#d e": `"x"`, "client_name#abcdefghi": `"x"`, "contacts#de": `"x"`, "Client_Name#de": `"x"`, // RFC7591-2-16
	}))
	want := map[string]string{"client_name#ja-Jpan-JP": "\u30a2\u30d7\u30ea", "client_name#de": "<b>Büro</b>", "tos_uri#fr": "https://a.example/fr"}
	if !maps.Equal(m.Localized, want) {
		t.Errorf("RFC7591-2.2-2: %q", m.Localized)
	}
	if m.ClientName != "App" {
		t.Errorf("client_name is %q", m.ClientName)
	}
	checkStored(t, m)
	info := m.Information()
	if got := string(info.Additional["tos_uri#fr"]); got != `"https://a.example/fr"` {
		t.Errorf("RFC7591-3.2.1-7: answered %s", got)
	}

	const metadata = "invalid_client_metadata"
	memberTest{"no text", "client_name#de", `1`, metadata}.run(t)
	memberTest{"ATK-37 long", "client_name#de", `"` + strings.Repeat("a", 257) + `"`, metadata}.run(t)
	memberTest{"as long as it may be", "client_name#de", `"` + strings.Repeat("ü", 256) + `"`, ""}.run(t)
	memberTest{"a URI as long as it may be", "tos_uri#de", `"https://a.example/` + strings.Repeat("a", 2048-18) + `"`, ""}.run(t)
	memberTest{"a URI that is longer", "tos_uri#de", `"https://a.example/` + strings.Repeat("a", 2048-17) + `"`, metadata}.run(t)
	memberTest{"ATK-131 control", "client_name#de", `"a\nb"`, metadata}.run(t)
	many := map[string]string{}
	for n := range maxLocalized {
		many[fmt.Sprintf("client_name#x-%d", n)] = `"x"`
	}
	mustParse(t, with(t, many))
	many["client_name#de"] = `"x"`
	if _, err := Parse(with(t, many), testRules); codeOf(err) != metadata {
		t.Errorf("ATK-165 one more than %d: %v", maxLocalized, err)
	}
}

// TestJWKS is ATK-118, OIDC-REG-2-12, RFC7591-2-14 and CIMD02-4.1-1.
func TestJWKS(t *testing.T) {
	proof.Of(t, "ATK-118")
	const (
		ec  = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
		okp = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"1"}`
	)
	rsa := func(bits int) string {
		return `{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("q", (bits+5)/6/4*4) + `"}`
	}
	secret := func(member string) string { return strings.Replace(ec, "{", `{"`+member+`":"eA",`, 1) }
	many := strings.Repeat(ec+",", 31)
	cost := map[string]uint64{} // in bytes allocated: the clock tells more of the machine
	for _, c := range []struct{ name, keys, code string }{
		{"public keys", ec + "," + okp + "," + rsa(2048), ""},
		{"no key", "", ""},
		{"a type that is not understood", `{"kty":"AKP","pub":"x"},` + ec, ""},
		{"private EC", secret("d"), "invalid_client_metadata"},
		{"private member that is null", strings.Replace(ec, "{", `{"d":null,`, 1), "invalid_client_metadata"},
		{"private RSA", secret("p") + "," + secret("qi"), "invalid_client_metadata"},
		{"private, second", ec + "," + secret("d"), "invalid_client_metadata"},
		{"private, of a type that is not understood", `{"kty":"AKP","priv":"x"}`, "invalid_client_metadata"},
		{"symmetric", `{"kty":"oct","k":"eA"}`, "invalid_client_metadata"},
		{"symmetric without its key", `{"kty":"oct"}`, "invalid_client_metadata"},
		{"one kid twice", okp + "," + okp, "invalid_client_metadata"},
		{"one kid twice, escaped", okp + "," + strings.Replace(okp, `"1"`, `"\u0031"`, 1), "invalid_client_metadata"},
		{"two without kid", ec + "," + ec, ""},
		{"private, and public keys in another case", secret("d") + `],"KEYS":[` + ec, "invalid_client_metadata"},
		{"public keys, and others in another case", ec + `],"KEYS":[`, "invalid_client_metadata"},
		{"incomplete", `{"kty":"EC","crv":"P-256","x":"eA"}`, "invalid_client_metadata"},
		{"not base64url", `{"kty":"OKP","crv":"Ed25519","x":"+/=="}`, "invalid_client_metadata"},
		{"no kty", `{"x":"eA"}`, "invalid_client_metadata"},
		{"no object", `1`, "invalid_client_metadata"},
		{"RSA of 8192 bits", rsa(8192), ""},
		{"RSA of 10240 bits", rsa(10240), "invalid_client_metadata"},
		{"RSA of 16384 bits", rsa(16384), "invalid_client_metadata"},
		{"32 keys", many + ec, ""},
		{"33 keys", many + ec + "," + ec, "invalid_client_metadata"},
		{"1000 keys", strings.Repeat(ec+",", 999) + ec, "invalid_client_metadata"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		memberTest{c.name, "jwks", `{"keys":[` + c.keys + `]}`, c.code}.run(t)
		runtime.ReadMemStats(&after)
		cost[c.name] = after.TotalAlloc - before.TotalAlloc
	}
	// Too much is refused before it is worked on, and so for less than what passes.
	for _, c := range []struct {
		refused, passes string
		times           uint64
	}{
		{"RSA of 10240 bits", "RSA of 8192 bits", 1},
		{"RSA of 16384 bits", "RSA of 8192 bits", 1},
		{"33 keys", "32 keys", 1},
		{"1000 keys", "32 keys", 10}, // to read 31 times the text is not to make 31 times the keys
	} {
		if cost[c.refused] > c.times*cost[c.passes] {
			t.Errorf("%s took %d bytes, %s %d", c.refused, cost[c.refused], c.passes, cost[c.passes])
		}
	}
	m := mustParse(t, with(t, map[string]string{"jwks": `{"keys":[{"kty":"AKP","pub":"x"},` + okp + `],"x":1}`}))
	if want := `"jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`; !strings.Contains(string(m.JSON()), want) {
		t.Errorf("stored %s", m.JSON())
	}
	checkStored(t, m)
}

// TestFingerprint: the same metadata in another order is the same, anything else
// is not.
func TestFingerprint(t *testing.T) {
	base := map[string]string{
		"redirect_uris": `["https://a.example/","https://b.example/"]`, "grant_types": `["authorization_code","refresh_token"]`,
		"scope": `"a b"`, "contacts": `["x","y"]`, "client_name": `"App"`, "token_endpoint_auth_method": `"none"`,
	}
	fingerprint := func(changes map[string]string) string {
		all := maps.Clone(base)
		maps.Copy(all, changes)
		return string(mustParse(t, with(t, all)).Fingerprint())
	}
	want := fingerprint(nil)
	for _, c := range []struct {
		member, value string
		same          bool
	}{
		{"redirect_uris", `["https://b.example/","https://a.example/"]`, true},
		{"grant_types", `["refresh_token","authorization_code"]`, true},
		{"grant_types", `["refresh_token","urn:x","authorization_code"]`, true},
		{"scope", `"b a"`, true},
		{"scope", `"b a b"`, true},
		{"contacts", `["y","x"]`, true},
		{"response_types", `["code"]`, true},
		{"x-unknown", `1`, true},
		{"redirect_uris", `["https://a.example/"]`, false},
		{"redirect_uris", `["https://a.example/","https://b.example/c"]`, false},
		{"grant_types", `["authorization_code"]`, false},
		{"scope", `"a"`, false},
		{"client_name", `"app"`, false},
		{"client_name#de", `"App"`, false},
		{"application_type", `"native"`, false},
		{"software_version", `"1"`, false},
	} {
		if got := fingerprint(map[string]string{c.member: c.value}) == want; got != c.same {
			t.Errorf("%s %s: same %v", c.member, c.value, got)
		}
	}
	m := mustParse(t, with(t, base))
	m.Fingerprint()
	if m.RedirectURIs[0] != "https://a.example/" || m.Scope != "a b" {
		t.Error("Fingerprint changed the metadata")
	}
}

func TestAccessors(t *testing.T) {
	proof.Of(t, "CVE-2026-44476")
	m := mustParse(t, with(t, map[string]string{"application_type": `"native"`, "token_endpoint_auth_method": `"none"`}))
	if m.AuthMethod() != None || !m.Native() || !m.HasGrant(gen.GrantTypeAuthorizationCode) || m.HasGrant(gen.GrantTypeRefreshToken) {
		t.Errorf("%s", m.JSON())
	}
	if m = mustParse(t, with(t, nil)); m.AuthMethod() != SecretBasic || m.Native() {
		t.Errorf("CVE-2026-44476, RFC7591-2-7: %s", m.JSON())
	}
	var zero Metadata
	if zero.AuthMethod().Valid() || zero.HasGrant(gen.GrantTypeAuthorizationCode) || len(zero.UsableRedirectURIs()) > 0 || zero.HasOrigin("https://a.example") {
		t.Error("zero metadata allow something")
	}
	if _, err := Parse(with(t, nil), Rules{}); codeOf(err) != "invalid_client_metadata" {
		t.Errorf("rules without a grant type: %v", err)
	}
}

// TestHasOrigin is the part of MAD-2 that client metadata decide.
func TestHasOrigin(t *testing.T) {
	proof.Of(t, "MAD-2")
	m := mustParse(t, with(t, map[string]string{
		"redirect_uris":    `["https://app.example.com/cb","https://b.example:8443/","http://127.0.0.1:80/cb","https://[::1]/cb","com.example.app:/cb","cursor://x.example/cb"]`,
		"application_type": `"native"`, "token_endpoint_auth_method": `"none"`,
	}))
	for _, c := range []struct {
		origin string
		want   bool
	}{
		{"https://app.example.com", true},
		{"https://b.example:8443", true},
		{"http://127.0.0.1", true},
		{"http://127.0.0.1:49152", true},
		{"https://app.example.com.evil.com", false},
		{"https://app.example.co", false},
		{"https://app.example.com:8443", false},
		{"https://app.example.com/", false},
		{"http://127.0.0.1:49152/", false},
		{"https://APP.example.com", false},
		{"https://b.example", false},
		{"http://app.example.com", false},
		{"https://[::1]:49152", false},
		{"http://[::1]:49152", false},
		{"https://app.example.com:80", false},
		{"http://localhost:49152", false},
		{"https://127.0.0.1", false},
		{"com.example.app:", false},
		{"com.example.app://", false},
		{"cursor://x.example", false},
		{"null", false},
		{"", false},
		{"*", false},
	} {
		if got := m.HasOrigin(c.origin); got != c.want {
			t.Errorf("MAD-2 HasOrigin(%q) = %v", c.origin, got)
		}
	}
}
