package client

import (
	"errors"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/oauth"
)

// A goldenURI is a line of testdata/redirect_uris.txt.
type goldenURI struct{ class, verdict, uri string }

func goldenURIs(t testing.TB) []goldenURI {
	t.Helper()
	file, err := os.ReadFile("testdata/redirect_uris.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []goldenURI
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.SplitN(line, " ", 3)
		uri, err := strconv.Unquote(fields[2])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, goldenURI{fields[0], fields[1], uri})
	}
	return all
}

// verdictOf puts what the two kinds of client may do into one word.
func verdictOf(uri string) string {
	_, native, _ := judge(uri, true)
	_, web, _ := judge(uri, false)
	switch [2]verdict{native, web} {
	case [2]verdict{usable, usable}:
		return "accept"
	case [2]verdict{usable, unusable}:
		return "native"
	case [2]verdict{unusable, unusable}:
		return "keep"
	case [2]verdict{refused, refused}:
		return "refuse"
	}
	return "?"
}

// TestRedirectURIClasses holds the grammar to the golden file (ATK-10, ATK-13,
// ATK-16, WOP-97, CVE-2026-9689, AUTHLIB-1.8, RFC8252-8.4-5, RFC8252-8.4-6,
// RFC9700-2.6-5, RFC6749-3.1.2-1, RFC6749-3.1.2-3). Every class has five refused
// inputs and a control that is not.
func TestRedirectURIClasses(t *testing.T) {
	proof.Of(t, "ATK-10", "ATK-13", "ATK-16", "WOP-97", "CVE-2026-9689", "AUTHLIB-1.8")
	refusals, controls := make(map[string]int), make(map[string]int)
	for _, g := range goldenURIs(t) {
		if got := verdictOf(g.uri); got != g.verdict {
			_, _, why := judge(g.uri, true)
			t.Errorf("%s %q: %s (%s), want %s", g.class, g.uri, got, why, g.verdict)
		}
		if g.verdict == "refuse" || g.verdict == "keep" {
			refusals[g.class]++
		} else {
			controls[g.class]++
		}
	}
	for n := 1; n <= 18; n++ {
		if class := "RED-" + strconv.Itoa(n); refusals[class] < 5 || controls[class] == 0 {
			t.Errorf("%s has %d refused inputs and %d controls", class, refusals[class], controls[class])
		}
	}
}

// TestAcceptedHosts is ATK-17: what is accepted has one host for our grammar and
// for net/url, and is the same text after net/url wrote it again.
func TestAcceptedHosts(t *testing.T) {
	proof.Of(t, "ATK-17")
	for _, g := range goldenURIs(t) {
		if g.verdict != "accept" {
			continue
		}
		ours, _ := cutRedirectURI(g.uri)
		theirs, err := url.Parse(g.uri)
		if err != nil || theirs.Hostname() != strings.Trim(ours.host, "[]") || theirs.Port() != ours.port || theirs.User != nil {
			t.Errorf("%q: host %q port %q, net/url says %v, %v", g.uri, ours.host, ours.port, theirs, err)
		}
		if u := *theirs; u.String() != g.uri {
			t.Errorf("%q is written %q by net/url", g.uri, u.String())
		}
	}
}

func TestRedirectURILength(t *testing.T) {
	const base = "https://app.example.com/"
	longest := base + strings.Repeat("a", 2048-len(base))
	if got := verdictOf(longest); got != "accept" {
		t.Errorf("2048 bytes: %s", got)
	}
	for _, uri := range []string{longest + "a", base + strings.Repeat("a", 9000), ""} {
		if got := verdictOf(uri); got != "refuse" {
			t.Errorf("RED-18 %d bytes: %s", len(uri), got)
		}
	}
}

func TestCheckRedirectURI(t *testing.T) {
	proof.Of(t, "OAUTH21-1.5-1")
	for _, c := range []struct {
		uri        string
		privateUse bool
		ok         bool
	}{
		{"https://app.example.com/cb", false, true},
		{"http://127.0.0.1/cb", false, true},
		{"com.example.app:/cb", true, true},
		{"com.example.app:/cb", false, false},
		{"cursor://cb", true, false},
		{"javascript:alert(1)", true, false},
	} {
		err := CheckRedirectURI(c.uri, c.privateUse)
		if (err == nil) != c.ok {
			t.Errorf("%q, %v: %v", c.uri, c.privateUse, err)
		}
		if e, ok := errors.AsType[*oauth.Error](err); err != nil && (!ok || e.Code != "invalid_redirect_uri") {
			t.Errorf("RFC7591-3.2.2-3 %q: %v", c.uri, err)
		}
	}
}

// TestBrowsersHosts: what is accepted has one host for our grammar and for
// browsers too, whose parser maps, strips and repairs what net/url does not; it is
// why the rest is refused.
func TestBrowsersHosts(t *testing.T) {
	proof.Of(t, "ATK-17", "FUZZ-1")
	accepted, misread := 0, 0
	for _, g := range goldenURIs(t) {
		browsers, err := whatwg.Parse(g.uri)
		if g.verdict == "accept" {
			accepted++
			ours, _ := cutRedirectURI(g.uri)
			if g.uri == "http://127.0.0.1:80/cb" { // any port of a loopback address; browsers drop this one
				g.uri, ours.port = "http://127.0.0.1/cb", ""
			}
			if err != nil || browsers.Scheme() != ours.scheme || browsers.Hostname() != ours.host || browsers.Port() != ours.port || browsers.Username() != "" {
				t.Errorf("%q: host %q port %q, browsers read %v, %v", g.uri, ours.host, ours.port, browsers, err)
				continue
			}
			// A browser gives an empty path its slash, and changes nothing else.
			if want := ours.scheme + "://" + ours.host; browsers.Href(false) != g.uri && (ours.port != "" || browsers.Href(false) != want+"/"+strings.TrimPrefix(g.uri, want)) {
				t.Errorf("%q is written %q by browsers", g.uri, browsers.Href(false))
			}
			continue
		}
		if theirs, goErr := url.Parse(g.uri); err == nil && (goErr != nil || theirs.Hostname() != strings.Trim(browsers.Hostname(), "[]")) {
			misread++
		}
	}
	if accepted < 20 || misread < 30 {
		t.Errorf("%d accepted, %d refused that the two parsers read apart: the comparison is blind", accepted, misread)
	}
}

// An escape is two hexadecimal digits (RFC 3986 §2.1), and a scheme has letters
// in lower case, digits and three signs (§3.1): what is beside them in ASCII is
// refused.
func TestBytesOfARedirectURI(t *testing.T) {
	for c := byte('!'); c < 0x7f; c++ {
		hex := strings.IndexByte("0123456789abcdefABCDEF", c) >= 0
		for escape, want := range map[string]bool{"%" + string(c) + "1": hex && c != '0' && c != '1', "%6" + string(c): hex} {
			if _, v, _ := judge("https://app.example.com/x"+escape, false); (v == usable) != want {
				t.Errorf("%s: %v", escape, v)
			}
		}
		letter := strings.IndexByte("abcdefghijklmnopqrstuvwxyz", c) >= 0
		later := letter || strings.IndexByte("0123456789+-.:", c) >= 0 // a colon ends the scheme
		for scheme, want := range map[string]bool{string(c) + "om.example.app": letter, "com.ex" + string(c) + "mple.app": later} {
			if _, v, _ := judge(scheme+":/cb", true); (v != refused) != want {
				t.Errorf("%s: %v", scheme, v)
			}
		}
	}
	if _, v, _ := judge("com.example.app", true); v != refused {
		t.Errorf("without a colon: %v", v)
	}
}
