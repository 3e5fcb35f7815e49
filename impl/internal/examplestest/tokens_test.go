package examplestest_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/seal"
)

var (
	bearerString = regexp.MustCompile(`\bch[a-z]{2}_[0-9A-Za-z]+`)
	basicHeader  = regexp.MustCompile(`Basic ([0-9A-Za-z+/=]+)`)
)

// Every token in the document looks like one that the server issues, down to the
// checksum: readers build scanners and columns by the examples. The secret of
// the examples named wrong_secret is wrong in that, too.
func TestTokensAreWellFormed(t *testing.T) {
	text := string(charter.OpenAPI)
	for _, m := range basicHeader.FindAllStringSubmatch(text, -1) {
		b, err := base64.StdEncoding.DecodeString(m[1])
		if err != nil {
			t.Errorf("%s: %v", m[0], err)
		}
		text += "\n" + strings.TrimSuffix(string(b), ":chcs_wrong")
	}
	kinds := map[string]int{}
	for _, token := range bearerString.FindAllString(text, -1) {
		prefix := token[:5]
		kinds[prefix]++
		if !seal.WellFormed(prefix, token) {
			t.Errorf("%s is no token", token)
		}
		if seal.WellFormed(prefix, token[:len(token)-1]+"-") {
			t.Errorf("%s is a token with any end", token)
		}
	}
	for _, prefix := range []string{
		seal.PrefixAuthorizationCode, seal.PrefixAccessToken, seal.PrefixRefreshToken, seal.PrefixClientSecret,
		seal.PrefixRegistrationAccessToken, seal.PrefixRequest, seal.PrefixLogout, seal.PrefixSession, seal.PrefixBrowser,
	} {
		if kinds[prefix] == 0 {
			t.Errorf("no example of %s", prefix)
		}
	}
}
