package client

import (
	"encoding/json"
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
