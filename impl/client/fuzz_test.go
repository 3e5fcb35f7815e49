package client

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// FuzzMatchRedirectURI is FUZZ-1 and CVE-2022-36087: what matches is the
// registered text, or differs from it by the port of a loopback address; and its
// host is the one that net/url sees.
func FuzzMatchRedirectURI(f *testing.F) {
	proof.Of(f, "FUZZ-1")
	for _, g := range goldenURIs(f) {
		f.Add(g.uri, g.uri)
		f.Add("http://127.0.0.1/cb", g.uri)
	}
	f.Add("http://[::1]:1/cb?a=b", "http://[::1]:65535/cb?a=b")
	f.Fuzz(func(t *testing.T, registered, requested string) {
		if !MatchRedirectURI([]string{registered}, requested) {
			if registered == requested && CheckRedirectURI(registered, true) == nil {
				t.Errorf("%q may be registered and does not match itself", registered)
			}
			return
		}
		ours, _ := cutRedirectURI(requested)
		theirs, err := url.Parse(requested)
		if err != nil {
			t.Fatalf("%q: %v", requested, err)
		}
		if ours.host != "" && (theirs.Hostname() != strings.Trim(ours.host, "[]") || theirs.User != nil || theirs.Fragment != "") {
			t.Errorf("%q leads to %q by us, to %q by net/url", requested, ours.host, theirs.Host)
		}
		if registered == requested {
			return
		}
		a, okA := withoutLoopbackPort(registered)
		b, okB := withoutLoopbackPort(requested)
		if !okA || !okB || a != b {
			t.Errorf("%q matches %q", requested, registered)
		}
	})
}

// withoutLoopbackPort is a second, independent reading of the loopback rule.
func withoutLoopbackPort(uri string) (string, bool) {
	for _, base := range []string{"http://127.0.0.1", "http://[::1]", "http://localhost"} {
		rest, ok := strings.CutPrefix(uri, base)
		if !ok {
			continue
		}
		if digits, ok := strings.CutPrefix(rest, ":"); ok {
			rest = strings.TrimLeft(digits, "0123456789")
		}
		return base + rest, rest == "" || rest[0] == '/' || rest[0] == '?'
	}
	return "", false
}

// allowList are the members that may be stored.
var allowList = []string{
	"application_type", "client_name", "client_uri", "contacts", "grant_types", "jwks", "jwks_uri", "logo_uri", "policy_uri", "redirect_uris",
	"response_types", "scope", "software_id", "software_version", "token_endpoint_auth_method", "tos_uri",
}

// FuzzParse is FUZZ-9: what is stored is of the allow-list, reads back as it is,
// and cannot be used otherwise than the rules say.
func FuzzParse(f *testing.F) {
	proof.Of(f, "FUZZ-9")
	for _, seed := range documentSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		m, err := Parse(input, testRules)
		if err != nil {
			if codeOf(err) == "" {
				t.Errorf("%v has no code", err)
			}
			return
		}
		checkAllowed(t, m)
		checkStored(t, m)
	})
}

// FuzzParseDocument is FUZZ-10: an accepted document names its URL and makes a
// public client.
func FuzzParseDocument(f *testing.F) {
	proof.Of(f, "FUZZ-10")
	for _, seed := range documentSeeds {
		f.Add([]byte(`{"client_id":"` + testDocumentURL + `","client_name":"App",` + strings.TrimPrefix(seed, "{")))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		m, err := ParseDocument(testDocumentURL, input, testRules)
		if err != nil {
			return
		}
		var members map[string]any
		if json.Unmarshal(input, &members) != nil || members["client_id"] != testDocumentURL {
			t.Errorf("client_id is %v", members["client_id"])
		}
		if m.AuthMethod() != None || m.ClientName == "" {
			t.Errorf("%s", m.JSON())
		}
		checkAllowed(t, m)
		checkStored(t, m)
	})
}

// FuzzJWKS is ATK-118 and FUZZ-9 for keys: what is stored of a key set is public
// and told apart, and every key that verifies signatures is one of those stored.
func FuzzJWKS(f *testing.F) {
	proof.Of(f, "ATK-118", "FUZZ-9")
	const ec = `{"kty":"EC","crv":"P-256","kid":"1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	const okp = `{"kty":"OKP","crv":"Ed25519","kid":"2","use":"sig","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	for _, keys := range []string{"", ec, ec + "," + okp, ec + "," + ec, `{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("q", 344) + `"}`,
		`{"kty":"oct","k":"eA"}`, strings.Replace(ec, "{", `{"d":"eA",`, 1), strings.Replace(ec, "{", `{"D":"eA",`, 1), `{"kty":"AKP","pub":"x"}`,
		strings.Replace(okp, `"sig"`, `"enc"`, 1), strings.Replace(okp, `"kid":"2"`, `"kid":"2","kid":"1","x5c":["MII"]`, 1), `null`, `{"kty":"OKP","crv":"Ed25519","x":""}`} {
		f.Add(`{"keys":[` + keys + `]}`)
	}
	f.Fuzz(func(t *testing.T, set string) {
		if !json.Valid([]byte(set)) {
			return // FuzzParse has these
		}
		m, err := Parse([]byte(`{"redirect_uris":["https://app.example.com/cb"],"jwks":`+set+`}`), testRules)
		if err != nil {
			if code := codeOf(err); code != "invalid_client_metadata" {
				t.Errorf("%v has the code %q", err, code)
			}
			return
		}
		var stored struct {
			JWKS struct {
				Keys []map[string]json.RawMessage `json:"keys"`
			} `json:"jwks"`
		}
		if err := json.Unmarshal(m.JSON(), &stored); err != nil {
			t.Fatal(err)
		}
		kids := map[string]bool{}
		for _, key := range stored.JWKS.Keys {
			for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
				if key[private] != nil || string(key["kty"]) == `"oct"` {
					t.Errorf("stored %s", m.JSON())
				}
			}
			if kid := string(key["kid"]); kid != "" && kid != `""` && kids[kid] {
				t.Errorf("two keys are %s", kid)
			} else {
				kids[kid] = true
			}
		}
		if len(stored.JWKS.Keys) > 32 || len(m.Keys()) > len(stored.JWKS.Keys) {
			t.Errorf("%d keys verify, of %d", len(m.Keys()), len(stored.JWKS.Keys))
		}
		for _, k := range m.Keys() {
			if kid, err := json.Marshal(k.ID()); err != nil || !kids[string(kid)] && !kids[""] && !kids[`""`] {
				t.Errorf("%q verifies and is not stored", k.ID())
			}
		}
		checkStored(t, m)
	})
}

// FuzzCheckClientIDURL is FUZZ-10 for the URL: what may name a client is what
// net/url reads and writes as the same text, of https, with a path, and without
// what another reader could take for another host.
func FuzzCheckClientIDURL(f *testing.F) {
	for _, g := range goldenURIs(f) {
		f.Add(g.uri)
	}
	for _, s := range []string{testDocumentURL, "https://a.example/", "https://a.example", "https://u@a.example/x", "https://a.example/x#", "https://a.example/../x",
		"https://a.example/%2e%2e/x", "HTTPS://a.example/x", "https://a.example:443/x?y=z", "http://a.example/x", "https://127.1/x", "https://a.example\\@b.example/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if CheckClientIDURL(id, Rules{}) != nil {
			return
		}
		u, err := url.Parse(id)
		if err != nil {
			t.Fatalf("%q: %v", id, err)
		}
		if u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || strings.Contains(id, "#") || len(u.Path) < 2 || u.String() != id || len(id) > 2048 {
			t.Errorf("%q may name a client", id)
		}
		for segment := range strings.SplitSeq(u.Path, "/") {
			if segment == "." || segment == ".." {
				t.Errorf("%q has a dot segment", id)
			}
		}
	})
}

// FuzzParseArgon2id: a stored hash costs no more than the bounds, whoever wrote
// it, and has one spelling.
func FuzzParseArgon2id(f *testing.F) {
	const salt, hash = "c29tZXNhbHRzb21lc2FsdA", "RdescudvJCsgt3ub+b4dWRWJTmaaJObG"
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + hash)
	f.Add("$argon2id$v=19$m=4294967295,t=4294967295,p=255$" + salt + "$" + hash)
	f.Add("$argon2id$v=19$m=+1,t=0x2,p=1 $" + salt + "=$" + hash)
	f.Add("$argon2i$v=16$m=1,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, phc string) {
		h, err := parseArgon2id(phc)
		if err != nil {
			return
		}
		if h.memory > 256<<10 || h.passes < 1 || h.passes > 16 || h.threads < 1 || h.threads > 16 || len(h.salt) < 8 || len(h.hash) < 16 || len(h.salt) > 64 || len(h.hash) > 64 {
			t.Errorf("%q has the costs %+v", phc, h)
		}
		if again := fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", h.memory, h.passes, h.threads,
			base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.hash)); again != phc {
			t.Errorf("%q is also %q", phc, again)
		}
	})
}

var documentSeeds = []string{
	`{"redirect_uris":["https://a.example/"]}`,
	`{"redirect_uris":["http://127.0.0.1:1/cb","cursor://x"],"grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"none","client_name#de":"x"}`,
	`{"redirect_uris":["com.example.app:/cb"],"application_type":"native","token_endpoint_auth_methods_supported":["none"],"scope":"a b"}`,
	`{"grant_types":["client_credentials"],"jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","x":"eA","kid":"1"}]}}`,
	`{"redirect_uris":["https://a.example/"],"client_uri":"https://a.example/#x","contacts":["a"],"software_statement":"x"}`,
}

func checkAllowed(t *testing.T, m Metadata) {
	t.Helper()
	var stored map[string]json.RawMessage
	if err := json.Unmarshal(m.JSON(), &stored); err != nil {
		t.Fatal(err)
	}
	for name := range stored {
		base, _, tagged := strings.Cut(name, "#")
		if !slices.Contains(allowList, base) || tagged && !slices.Contains(localizable, base) {
			t.Errorf("ATK-110: stored %q", name)
		}
	}
	for _, uri := range m.UsableRedirectURIs() {
		if CheckRedirectURI(uri, m.privateUse()) != nil {
			t.Errorf("usable %q", uri)
		}
	}
	code := m.HasGrant("authorization_code")
	if !m.AuthMethod().Valid() || len(m.GrantTypes) == 0 || code != (len(m.ResponseTypes) > 0) || code && len(m.UsableRedirectURIs()) == 0 {
		t.Errorf("inconsistent: %s", m.JSON())
	}
}
