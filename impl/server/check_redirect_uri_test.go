package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
)

const appCallback = "https://app.example.com/cb"

// redirectClasses are the classes of hostile redirect URIs, each with inputs
// that some parser takes for https://app.example.com/cb or runs as something
// else. None may be registered.
var redirectClasses = map[string][]string{
	"RED-1 backslash":                           {`https:/\evil.com/cb`, `https:\\evil.com/cb`, `https://evil.com\cb`, `\\evil.com/cb`, `https://app.example.com\.evil.com/cb`},
	"RED-2 slashes":                             {"https:app.example.com/cb", "https:/app.example.com/cb", "https:///app.example.com/cb", "//app.example.com/cb", "/cb", "app.example.com/cb"},
	"RED-3 backslash before @":                  {`https://evil.com\@app.example.com/cb`, `https://evil.com\\@app.example.com/cb`, `https://app.example.com\@evil.com/cb`, `https://evil.com%5c@app.example.com/cb`, `https://evil.com/\@app.example.com/cb`},
	"RED-4 userinfo, AUTHLIB-1.8":               {"https://app.example.com@evil.com/cb", "https://u:p@app.example.com/cb", "http://127.0.0.1@evil.com/cb", "http://127.0.0.1:80@evil.com/cb", "https://@app.example.com/cb", "http://localhost:1@evil.com/cb"},
	"RED-5 unicode dots":                        {"https://app.example.com。evil.com/cb", "https://app．example.com/cb", "https://app｡example.com/cb", "https://app.example.com%E3%80%82evil.com/cb", "https://app%2eexample.com/cb"},
	"RED-6 compatibility letters":               {"https://ⓐpp.example.com/cb", "https://app.ex\u00adample.com/cb", "https://ａpp.example.com/cb", "https://app.example.com/ⓒb", "https://app.exampl\u0435.com/cb"},
	"RED-7 case folding, GITEA-37706":           {"https://app.e\u017fample.com/cb", "https://\u212aapp.example.com/cb", "http\u017f://app.example.com/cb", "https://app.example.com/\u0131", "HTTPS://app.example.com/cb", "https://APP.example.com/cb"},
	"RED-8 stripped bytes":                      {" https://app.example.com/cb", "https://app.example.com/cb ", "\thttps://app.example.com/cb", "https://app.exa\nmple.com/cb", "\x01https://app.example.com/cb", "https://app.example.com/cb\x7f"},
	"RED-9 IPv4 spellings":                      {"http://127.1/cb", "http://2130706433/cb", "http://0x7f.0.0.1/cb", "http://0177.0.0.1/cb", "http://127.0.0.1./cb", "http://0/cb"},
	"RED-10 IPv6 zone or mapped":                {"https://[::ffff:127.0.0.1]/cb", "http://[::1%25lo]/cb", "http://[::1%lo]/cb", "http://[0:0:0:0:0:0:0:1]/cb", "http://[::127.0.0.1]/cb", "https://[::FFFF:7f00:1]/cb"},
	"RED-11 ports":                              {"https://app.example.com:0443/cb", "https://app.example.com:443/cb", "https://app.example.com:/cb", "https://app.example.com:0/cb", "https://app.example.com:65536/cb", "https://app.example.com:+8443/cb"},
	"RED-12 dot segments":                       {"https://app.example.com/x/../cb", "https://app.example.com/./cb", "https://app.example.com/%2e%2e/cb", "https://app.example.com/cb/..", "https://app.example.com/.%2E/cb"},
	"RED-13 bad escapes":                        {"https://app.example.com/%zz", "https://app.example.com/%", "https://app.example.com/%4", "https://app.example.com/cb?x=%g0", "https://app.example.com/%u0041"},
	"RED-14 empty host":                         {"https://:443/cb", "https:///cb", "https://", "https://?x", "https:", "http://"},
	"RED-15 dangerous scheme, WOP-97":           {"JaVaScRiPt:alert(1)", "javascript:alert(1)", "data:text/html,x", "vbscript:x", "blob:https://app.example.com/x", "file:///etc/passwd"},
	"RED-16 response parameters, CVE-2026-9689": {appCallback + "?iss=x", appCallback + "?code=x", appCallback + "?a=b&state=x", appCallback + "?error", appCallback + "?response=x", appCallback + "?%63ode=x"},
	"RED-17 wildcard":                           {"https://*.example.com/cb", "https://app.example.com/*", "https://*/cb", "https://app.example.com:*/cb", "http://127.0.0.1:*/cb"},
	"RED-18 escaped controls, length":           {appCallback + "%0d%0aX:1", appCallback + "%00", appCallback + "?a=%0a", appCallback + `"`, appCallback + "\u2028", appCallback + "/" + strings.Repeat("a", 9000)},
	"ATK-16 fragment":                           {appCallback + "#", appCallback + "#x", "https://app.example.com/#/cb", appCallback + "?a=b#c", "com.example.app:/cb#"},
}

// nearMisses differ from the registered URI in a way that somebody might call
// the same (ATK-11, CVE-2020-15234, RFC6749-3.1.2.3-2, RFC9700-2.1-1). Some could
// be registered; none is.
var nearMisses = []string{
	appCallback + "/", appCallback + "?", appCallback + "?x=1", appCallback + "#", "https://app.example.com:443/cb",
	"HTTPS://app.example.com/cb", "https://APP.example.com/cb", "https://app.example.com/CB", "https://app.example.com/%63b",
	"https://app.example.com/./cb", "https://app.example.com//cb", "https://app.example.com/cb;x", "https://app.example.com./cb",
	"https://app.example.co/cb", "https://app-example.com/cb", "http://app.example.com/cb", "https://app.example.com", "https://evil.com/cb",
	"https://app.example.com.evil.com/cb", "https://evil.com/?https://app.example.com/cb",
}

// A redirect URI that is not the client's gets a page, whatever else is wrong
// with the request: by GET, by POST, with prompt=none, with errors that would go
// to the client. ATK-10, CVE-2025-4143, CVE-2026-54072, GHSA-x3f4,
// GHSA-86j7-9j95-vpqj, CVE-2019-11269, CVE-2019-3778, CVE-2020-26938,
// GHSA-2wvm-8mvp-22qv, CVE-2019-9837, RFC6749-3.1.2.4-1, RFC6749-4.1.2.1-1,
// RFC9700-2.1-2, RFC9700-4.11.2-1.
func TestUnregisteredRedirectURIGetsAPage(t *testing.T) {
	proof.Of(t, "ATK-10", "GHSA-2wvm-8mvp-22qv", "WOP-97", "CVE-2026-9689", "ATK-16", "GITEA-37706", "AUTHLIB-1.8", "RED-1", "RED-2", "RED-3", "RED-4", "RED-5", "RED-6", "RED-7", "RED-8", "RED-9", "RED-10", "RED-11", "RED-12", "RED-13", "RED-14", "RED-15", "RED-16", "RED-17", "RED-18", "ATK-11")
	f := newFixture(t)
	c := f.Public()
	other := map[string]url.Values{
		"good":                 nil,
		"prompt none":          {"prompt": {"none"}},
		"bad response type":    {"response_type": {"token"}},
		"bad response mode":    {"response_mode": {"fragment"}},
		"bad scope":            {"scope": {"nonsense"}},
		"bad resource":         {"resource": {"https://evil.com/"}},
		"no code challenge":    {"code_challenge": {""}},
		"request object":       {"request": {"e30.e30."}},
		"repeated state":       {"state": {"a", "b"}},
		"oversized state":      {"state": {strings.Repeat("s", 5000)}},
		"other repeated first": {"nonce": {"a", "b"}},
	}
	check := func(class, uri string) {
		for name, changes := range other {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				q := c.Request(changes)
				q.Set("redirect_uri", uri)
				what := class + " " + strconv.QuoteToASCII(uri[:min(len(uri), 60)]) + " " + method + " " + name
				f.unchanged(t, what, func() { page(t, what, f.send(method, q), http.StatusBadRequest) })
			}
		}
	}
	for class, uris := range redirectClasses {
		if len(uris) < 5 {
			t.Errorf("%s has %d inputs", class, len(uris))
		}
		for _, uri := range uris {
			check(class, uri)
		}
	}
	for _, uri := range nearMisses {
		check("ATK-11", uri)
	}
	// The control: the registered URI, and each of the errors goes there.
	for name, changes := range other {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			res := f.send(method, c.Request(changes))
			if name == "good" || name == "prompt none" {
				asks(t, method+" "+name, res)
			} else {
				redirected(t, method+" "+name, res, appCallback)
			}
		}
	}
}

// MAD-30, ATK-112, WOP-97, RFC6749-3.1.2-1, RFC6749-3.1.2-3, RFC7591-3.2.2-3: what cannot be judged
// alike by every parser is not registered, alone or beside a good one.
func TestRedirectURIClassesAreNotRegistered(t *testing.T) {
	proof.Of(t, "ATK-112", "WOP-97", "CVE-2026-9689", "ATK-16", "GITEA-37706", "AUTHLIB-1.8", "RED-1", "RED-2", "RED-3", "RED-4", "RED-5", "RED-6", "RED-7", "RED-8", "RED-9", "RED-10", "RED-11", "RED-12", "RED-13", "RED-14", "RED-15", "RED-16", "RED-17", "RED-18")
	f := newFixture(t)
	for class, uris := range redirectClasses {
		for _, uri := range uris {
			for _, list := range [][]string{{uri}, {appCallback, uri}} {
				document, err := json.Marshal(map[string]any{"redirect_uris": list, "application_type": "native", "token_endpoint_auth_method": "none"})
				if err != nil {
					t.Fatal(err)
				}
				what := class + " " + strconv.QuoteToASCII(uri[:min(len(uri), 60)])
				f.unchanged(t, what, func() {
					res := f.JSON(http.MethodPost, "/register", string(document))
					body, _ := io.ReadAll(res.Body)
					if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), `"invalid_redirect_uri"`) {
						t.Errorf("%s: %d %s", what, res.StatusCode, body)
					}
				})
			}
		}
	}
	f.Public() // the control
}

// ATK-12, RFC8252-7.3-1, RFC8252-8.4-4: at a loopback address only the port may
// differ from what was registered.
func TestLoopbackRedirectURI(t *testing.T) {
	proof.Of(t, "ATK-12")
	f := newFixture(t)
	register := func(uri string) servertest.Client {
		return f.Register(`{"client_name":"` + uri + `","redirect_uris":["` + uri + `"],"token_endpoint_auth_method":"none"}`)
	}
	for _, row := range []struct {
		registered, requested string
		ok                    bool
	}{
		{"http://127.0.0.1/cb", "http://127.0.0.1/cb", true},
		{"http://127.0.0.1/cb", "http://127.0.0.1:1/cb", true},
		{"http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true},
		{"http://127.0.0.1/cb", "http://127.0.0.1:65535/cb", true},
		{"http://127.0.0.1:3000/cb", "http://127.0.0.1:3001/cb", true},
		{"http://127.0.0.1:3000/cb", "http://127.0.0.1/cb", true},
		{"http://[::1]/cb", "http://[::1]:8080/cb", true},
		{"http://localhost/cb", "http://localhost:8080/cb", true},
		{"http://127.0.0.1/cb?a=b", "http://127.0.0.1:9/cb?a=b", true},
		{"http://127.0.0.1/cb", "http://localhost:8080/cb", false},
		{"http://localhost/cb", "http://127.0.0.1:8080/cb", false},
		{"http://127.0.0.1/cb", "http://[::1]:8080/cb", false},
		{"http://127.0.0.1/cb", "https://127.0.0.1:8080/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:8080/other", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:8080/cb/", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:8080/cb?x=1", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:8080/cb#", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:08080/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:/cb", false},
		{"http://127.0.0.1/cb", "http://u@127.0.0.1:8080/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:8080@evil.com/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.2:8080/cb", false},
		{"https://app.example.com/cb", "https://app.example.com:8443/cb", false},
	} {
		c := register(row.registered)
		res := f.Get("/authorize", c.Request(url.Values{"redirect_uri": {row.requested}}))
		what := row.registered + " → " + row.requested
		if !row.ok {
			page(t, what, res, http.StatusBadRequest)
			continue
		}
		asks(t, what, res)
		denied := f.Get("/authorize", c.Request(url.Values{"redirect_uri": {row.requested}, "scope": {"nonsense"}}))
		redirected(t, what, denied, row.requested) // the port asked for, not the registered one
	}
}

// ATK-13, RFC8252-7-1, RFC8252-8.4-5, -6: private-use schemes are for native
// clients and have the form of a domain name in reverse; others are tolerated
// beside a good URI and refused at use.
func TestPrivateUseSchemeRedirectURI(t *testing.T) {
	proof.Of(t, "ATK-13")
	f := newFixture(t)
	c := f.Register(`{"application_type":"native","redirect_uris":["com.example.app:/cb","cursor://anysphere/cb","https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`)
	asks(t, "reverse domain", f.Get("/authorize", c.Request(nil)))
	page(t, "short scheme", f.Get("/authorize", c.Request(url.Values{"redirect_uri": {"cursor://anysphere/cb"}})), http.StatusBadRequest)

	web := f.Register(`{"redirect_uris":["https://app.example.com/cb","com.example.app:/cb"],"token_endpoint_auth_method":"none"}`)
	asks(t, "web, https", f.Get("/authorize", web.Request(nil)))
	page(t, "web, private-use scheme", f.Get("/authorize", web.Request(url.Values{"redirect_uri": {"com.example.app:/cb"}})), http.StatusBadRequest)

	for _, uri := range []string{"cursor://x/cb", "app+x:/cb", "myapp:/cb"} {
		servertest.Refused(t, f.JSON(http.MethodPost, "/register", `{"application_type":"native","redirect_uris":["`+uri+`"]}`), http.StatusBadRequest, "invalid_redirect_uri")
	}
}

// ATK-14, OAUTH21-2.3.2-1, RFC6749-3.1.2.3-3: with one registered URI it may be left out; with two
// there is no telling, and the first is not taken.
func TestRedirectURIOmitted(t *testing.T) {
	proof.Of(t, "ATK-14", "ATK-152")
	f := newFixture(t)
	one := f.Register(`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`)
	two := f.Register(`{"redirect_uris":["https://app.example.com/cb","https://app.example.com/other"],"token_endpoint_auth_method":"none"}`)
	omitted := url.Values{"redirect_uri": {""}}
	p := f.Pending(one.Request(omitted))
	if p.RedirectURI() != appCallback {
		t.Errorf("one registered: %q", p.RedirectURI())
	}
	for _, changes := range []url.Values{omitted, {"redirect_uri": {""}, "response_type": {"token"}}, {"redirect_uri": {""}, "prompt": {"none"}}} {
		page(t, "two registered", f.Get("/authorize", two.Request(changes)), http.StatusBadRequest)
	}
	asks(t, "two registered, second named", f.Get("/authorize", two.Request(url.Values{"redirect_uri": {"https://app.example.com/other"}})))
	// An empty value is an absent one (ATK-152, RFC6749-3.1-6).
	asks(t, "empty value", f.Do(raw("/authorize", one.Request(omitted).Encode()+"&redirect_uri=")))
}

// Escapes are compared, never decoded.
func TestRedirectURIIsNotDecoded(t *testing.T) {
	proof.Of(t, "DEX-7cb2317c")
	f := newFixture(t)
	c := f.Register(`{"redirect_uris":["https://app.example.com/a%2541"],"token_endpoint_auth_method":"none"}`)
	asks(t, "same bytes", f.Get("/authorize", c.Request(nil)))
	for _, uri := range []string{"https://app.example.com/a%41", "https://app.example.com/aA", "https://app.example.com/a%252541"} {
		page(t, uri, f.Get("/authorize", c.Request(url.Values{"redirect_uri": {uri}})), http.StatusBadRequest)
	}
}

// ATK-17, RFC6749-3.1.2-2: what was accepted is emitted byte for byte, with the
// answer behind the query that it had; the URL parser of Go sees the same host.
func TestLocationIsTheRegisteredURI(t *testing.T) {
	proof.Of(t, "ATK-17")
	f := newFixture(t)
	for _, row := range []struct{ uri, want string }{
		{"https://app.example.com/cb", "https://app.example.com/cb?"},
		{"https://app.example.com", "https://app.example.com?"},
		{"https://app.example.com/", "https://app.example.com/?"},
		{"https://app.example.com/cb?", "https://app.example.com/cb?"},
		{"https://app.example.com/cb?a=b", "https://app.example.com/cb?a=b&"},
		{"https://app.example.com/cb?a=b&", "https://app.example.com/cb?a=b&"},
		{"https://app.example.com/cb?a=%20+b", "https://app.example.com/cb?a=%20+b&"},
		{"https://app.example.com//x;y/(z)", "https://app.example.com//x;y/(z)?"},
		{"https://xn--bcher-kva.example:8443/c%C3%A9", "https://xn--bcher-kva.example:8443/c%C3%A9?"},
		{"http://127.0.0.1:7777/cb", "http://127.0.0.1:7777/cb?"},
		{"http://[::1]/cb", "http://[::1]/cb?"},
		{"com.example.app:/cb", "com.example.app:/cb?"},
		{"com.example.app://x/cb?y", "com.example.app://x/cb?y&"},
	} {
		c := f.Register(`{"application_type":"native","redirect_uris":["` + row.uri + `"],"token_endpoint_auth_method":"none"}`)
		res := f.Get("/authorize", c.Request(url.Values{"scope": {"nonsense"}}))
		want := row.want + "error=invalid_scope&error_description=scope+has+a+value+that+the+resource+does+not+know&state=xyz&iss=https%3A%2F%2Fauth.example.com"
		if got := res.Header.Get("Location"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", row.uri, got, want)
		}
		parsed, err := url.Parse(row.uri)
		p := f.Pending(c.Request(nil))
		if err != nil || parsed.Scheme != "com.example.app" && parsed.Host != p.RedirectHost() {
			t.Errorf("%s: net/url reads host %q (%v), we read %q", row.uri, parsed.Host, err, p.RedirectHost())
		}
	}
}
