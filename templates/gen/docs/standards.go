package main

import (
	"fmt"
	"regexp"
	"strings"
)

// own is the x-spec of what no standard describes.
const own = "Charter"

// rfc is a reference to an RFC, with or without a section.
var rfc = regexp.MustCompile(`^RFC ([0-9]+)(?: §([0-9]+(?:\.[0-9]+)*))?$`)

// others are the standards that are no RFCs, and what precedes a section's
// number in an address; "" where sections have no such address.
var others = []struct{ name, url, section string }{
	{"OAuth 2.1", "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1", "#section-"},
	{"OpenID Connect Core", "https://openid.net/specs/openid-connect-core-1_0.html", ""},
	{"OpenID Connect Discovery", "https://openid.net/specs/openid-connect-discovery-1_0.html", ""},
	{"OpenID Connect RP-Initiated Logout", "https://openid.net/specs/openid-connect-rpinitiated-1_0.html", ""},
	{"OpenID Connect Back-Channel Logout", "https://openid.net/specs/openid-connect-backchannel-1_0.html", ""},
	{"OpenID Connect Front-Channel Logout", "https://openid.net/specs/openid-connect-frontchannel-1_0.html", ""},
	{"OpenID Connect Session Management", "https://openid.net/specs/openid-connect-session-1_0.html", ""},
	{"Initiating User Registration", "https://openid.net/specs/openid-connect-prompt-create-1_0.html", ""},
	{"OAuth 2.0 Form Post", "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html", ""},
	{"OAuth 2.0 Multiple Response Types", "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html", ""},
}

// address returns where the section that an x-spec names can be read.
func address(spec string) (string, error) {
	if m := rfc.FindStringSubmatch(spec); m != nil {
		url := "https://www.rfc-editor.org/rfc/rfc" + m[1]
		if m[2] != "" {
			url += "#section-" + m[2]
		}
		return url, nil
	}
	name, section, _ := strings.Cut(spec, " §")
	for _, o := range others {
		if o.name != name {
			continue
		}
		if section != "" && o.section != "" {
			return o.url + o.section + section, nil
		}
		return o.url, nil
	}
	return "", fmt.Errorf("x-spec %q is no standard that is known here: add it to templates/gen/docs/standards.go", spec)
}
