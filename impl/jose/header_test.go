package jose

import (
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// TestHeaderAlg is ATK-80 and ATK-86. The signature is good in every row; only
// the header is not.
func TestHeaderAlg(t *testing.T) {
	proof.Of(t, "RFC8725-3.2-1", "RFC8725-3.2-2", "RFC8725-3.2-4", "RFC7515-4-1", "RFC7515-4.1.1-1", "RFC7515-5.2-2", "RFC7518-3.6-1", "RFC7519-7.2-2")
	proof.Of(t, "ATK-80", "ATK-86")
	k := testKeys(t)[ES256]
	v := verifierFor(t, k)
	kid := k.public.kid
	payload := body(t, nil)
	with := func(member string) string { return strings.TrimSuffix(head(k), "}") + "," + member + "}" }
	alg := func(value string) string {
		return `{"alg":` + value + `,"kid":"` + kid + `","typ":"at+jwt"}`
	}
	if _, err := v.Verify(t.Context(), forge(t, k, alg(`"ES256"`), payload)); err != nil {
		t.Fatalf("control: %v", err)
	}
	for _, c := range []struct{ name, header, reason string }{
		{"alg none", alg(`"none"`), "algorithm"},
		{"alg None", alg(`"None"`), "algorithm"},
		{"alg NONE", alg(`"NONE"`), "algorithm"},
		{"alg nOnE", alg(`"nOnE"`), "algorithm"},
		{"alg empty", alg(`""`), "header_type"},
		{"alg absent", `{"kid":"` + kid + `","typ":"at+jwt"}`, "algorithm"},
		{"alg null", alg(`null`), "header_type"},
		{"alg number", alg(`0`), "header_type"},
		{"alg array", alg(`["ES256"]`), "header_type"},
		{"alg object", alg(`{}`), "header_type"},
		{"alg lower case", alg(`"es256"`), "algorithm"},
		{"alg with space", alg(`"ES256 "`), "algorithm"},
		{"alg HS256", alg(`"HS256"`), "algorithm"},
		{"alg ES384", alg(`"ES384"`), "algorithm"},
		{"alg of another key type", alg(`"RS256"`), "key_algorithm"},
		{"alg EdDSA for a P-256 key", alg(`"EdDSA"`), "key_algorithm"},
		{"alg twice", with(`"alg":"ES256"`), "header_json"},
		{"alg twice, none last", with(`"alg":"none"`), "header_json"},
		{"alg in another case", with(`"ALG":"none"`), "header_json"},
		{"alg escaped twice", with(`"\u0061lg":"none"`), "header_json"},
		{"only Alg", `{"Alg":"ES256","kid":"` + kid + `","typ":"at+jwt"}`, "header_member"},
		{"kid with Kelvin sign", "{\"alg\":\"ES256\",\"\u212aid\":\"" + kid + `","typ":"at+jwt"}`, "header_member"},
	} {
		invalid(t, v, c.name, forge(t, k, c.header, payload), c.reason)
	}
}

// TestHeaderMembers is ATK-83, 84 and 85, in the same way.
func TestHeaderMembers(t *testing.T) {
	proof.Of(t, "RFC8725-2.8-1", "RFC8725-3.7-1", "RFC8725-3.10-1", "RFC8725-3.10-2", "RFC8725-3.12-1", "RFC7515-4.1.9-1", "RFC7515-4.1.11-1", "RFC7515-4.1.11-2")
	proof.Of(t, "ATK-83")
	proof.Of(t, "ATK-84", "ATK-85")
	k := testKeys(t)[ES256]
	v := verifierFor(t, k)
	kid := k.public.kid
	payload := body(t, nil)
	with := func(member string) string { return strings.TrimSuffix(head(k), "}") + "," + member + "}" }
	for _, good := range []string{head(k), strings.Replace(head(k), "at+jwt", "application/at+jwt", 1), strings.Replace(head(k), "at+jwt", "AT+JWT", 1),
		`{"alg":"ES256","typ":"at+jwt"}`, " " + head(k) + "\n"} {
		if _, err := v.Verify(t.Context(), forge(t, k, good, payload)); err != nil {
			t.Fatalf("control %s: %v", good, err)
		}
	}
	id := func(value string) string { return `{"alg":"ES256","kid":` + value + `,"typ":"at+jwt"}` }
	typ := func(value string) string { return `{"alg":"ES256","kid":"` + kid + `","typ":` + value + `}` }
	for _, c := range []struct{ name, header, reason string }{
		{"crit", with(`"crit":["exp"]`), "header_member"},
		{"empty crit", with(`"crit":[]`), "header_member"},
		{"b64", with(`"b64":false`), "header_member"},
		{"zip", with(`"zip":"DEF"`), "header_member"},
		{"cty", with(`"cty":"JWT"`), "header_member"},
		{"jwk", with(`"jwk":` + ecJWK), "header_member"},
		{"jku", with(`"jku":"https://evil.example/jwks"`), "header_member"},
		{"x5u", with(`"x5u":"https://evil.example/x"`), "header_member"},
		{"x5c", with(`"x5c":["AA"]`), "header_member"},
		{"unknown", with(`"x":1`), "header_member"},
		{"kid traversal", id(`"../../dev/null"`), "kid"},
		{"kid SQL", id(`"' OR 1=1 --"`), "kid"},
		{"kid nul", id(`"a\u0000"`), "kid"},
		{"kid long", id(`"` + strings.Repeat("a", 129) + `"`), "kid"},
		{"kid unknown", id(`"other"`), "key_unknown"},
		{"kid empty", id(`""`), "header_type"},
		{"kid object", id(`{}`), "header_type"},
		{"kid number", id(`1`), "header_type"},
		{"kid null", id(`null`), "header_type"},
		{"typ of another class", typ(`"JWT"`), "typ"},
		{"typ dpop+jwt", typ(`"dpop+jwt"`), "typ"},
		{"typ prefix", typ(`"at+jwtx"`), "typ"},
		{"typ text prefix", typ(`"text/at+jwt"`), "typ"},
		{"typ with space", typ(`"at+jwt "`), "typ"},
		{"typ absent", `{"alg":"ES256","kid":"` + kid + `"}`, "typ"},
		{"typ array", typ(`["at+jwt"]`), "header_type"},
		{"trailing data", head(k) + "{}", "header_json"},
		{"array", "[]", "header_json"},
		{"null", "null", "header_json"},
		{"empty", "", "header_json"},
		{"byte order mark", "\ufeff" + head(k), "header_json"},
		{"invalid UTF-8", with("\"x\":\"\xff\""), "header_json"},
		{"deep", with(`"x":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000)), "header_json"},
	} {
		invalid(t, v, c.name, forge(t, k, c.header, payload), c.reason)
	}
}
