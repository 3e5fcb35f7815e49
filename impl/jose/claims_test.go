package jose

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// withMember returns the good claims and one member more, as written.
func withMember(t *testing.T, member string) string {
	return strings.TrimSuffix(body(t, nil), "}") + "," + member + "}"
}

// withValue returns the good claims with one value, as written.
func withValue(t *testing.T, name, value string) string {
	return strings.TrimSuffix(body(t, map[string]any{name: nil}), "}") + `,"` + name + `":` + value + "}"
}

func TestClaimControls(t *testing.T) {
	proof.Of(t, "RFC7519-4-2")
	k := testKeys(t)[EdDSA]
	v := verifierFor(t, k)
	at := now.Unix()
	raw := func(member string) string { return withMember(t, member) }
	for _, good := range []string{
		body(t, nil), body(t, map[string]any{"iat": nil}), body(t, map[string]any{"aud": []string{audience}}),
		body(t, map[string]any{"exp": at + 1}), body(t, map[string]any{"iat": at + 60}), body(t, map[string]any{"nbf": at}),
		body(t, map[string]any{"sub": nil, "jti": nil}), raw(`"deep":[[[[{"a":{"b":1e400}}]]]]`), raw(`"https://x.example/Roles":["A"]`),
	} {
		if _, err := v.Verify(t.Context(), forge(t, k, head(k), good)); err != nil {
			t.Fatalf("control %s: %v", good, err)
		}
	}
}

// TestTimeClaims is ATK-86, ATK-88, FACT-8 and FACT-10. The signature is good in
// every row, here and below; only the claims are not.
func TestTimeClaims(t *testing.T) {
	proof.Of(t, "RFC7519-4-1", "RFC7519-4.1.4-1", "RFC7519-4.1.5-1")
	proof.Of(t, "ATK-86", "ATK-88")
	k := testKeys(t)[EdDSA]
	v := verifierFor(t, k)
	at := now.Unix()
	raw := func(member string) string { return withMember(t, member) }
	only := func(name, value string) string { return withValue(t, name, value) }
	for _, c := range []struct{ name, payload, reason string }{
		{"exp missing", body(t, map[string]any{"exp": nil}), "exp_missing"},
		{"exp now", body(t, map[string]any{"exp": at}), "expired"},
		{"exp past", body(t, map[string]any{"exp": at - 1}), "expired"},
		{"exp 0", only("exp", "0"), "claims_exp"},
		{"exp null", only("exp", "null"), "claims_exp"},
		{"exp string", only("exp", fmt.Sprintf(`"%d"`, at+300)), "claims_exp"},
		{"exp float", only("exp", fmt.Sprintf("%d.5", at+300)), "claims_exp"},
		{"exp exponent", only("exp", "1e300"), "claims_exp"},
		{"exp negative", only("exp", fmt.Sprint(-at)), "claims_exp"},
		{"exp array", only("exp", fmt.Sprintf("[%d]", at+300)), "claims_exp"},
		{"exp after 9999", only("exp", "253402300800"), "claims_exp"},
		{"exp that wraps around", only("exp", "18446744075509551916"), "claims_exp"},
		{"exp beyond int64", only("exp", "99999999999999999999"), "claims_exp"},
		{"exp twice", raw(`"exp":9000000000`), "claims_json"},
		{"exp in another case", raw(`"EXP":9000000000`), "claims_json"},
		{"only Exp", strings.Replace(body(t, nil), `"exp"`, `"Exp"`, 1), "claims_json"},
		{"sub with long s", raw("\"\u017fub\":\"bob\""), "claims_json"},
		{"only SUB", strings.Replace(body(t, nil), `"sub"`, `"SUB"`, 1), "claims_json"},
		{"nested twice", raw(`"act":{"sub":"a","sub":"b"}`), "claims_json"},
		{"nested in another case", raw(`"act":{"sub":"a","Sub":"b"}`), "claims_json"},
		{"iat ahead", body(t, map[string]any{"iat": at + 61}), "iat_ahead"},
		{"iat string", only("iat", `"1"`), "claims_iat"},
		{"iat null", only("iat", "null"), "claims_iat"},
		{"iat negative", only("iat", "-1"), "claims_iat"},
		{"nbf ahead", body(t, map[string]any{"nbf": at + 1}), "not_yet"},
		{"nbf float", only("nbf", "1.5"), "claims_nbf"},
	} {
		invalid(t, v, c.name, forge(t, k, head(k), c.payload), c.reason)
	}
}

// TestOtherClaims is CVE-2020-26160 and FACT-1.
func TestOtherClaims(t *testing.T) {
	proof.Of(t, "RFC8725-3.7-1", "RFC8725-3.9-2", "RFC7519-4.1.3-1")
	proof.Of(t, "CVE-2020-26160")
	k := testKeys(t)[EdDSA]
	v := verifierFor(t, k)
	raw := func(member string) string { return withMember(t, member) }
	only := func(name, value string) string { return withValue(t, name, value) }
	for _, c := range []struct{ name, payload, reason string }{
		{"iss missing", body(t, map[string]any{"iss": nil}), "issuer"},
		{"iss other", body(t, map[string]any{"iss": issuer + "/"}), "issuer"},
		{"iss empty", only("iss", `""`), "claims_type"},
		{"iss array", only("iss", `["`+issuer+`"]`), "claims_type"},
		{"aud missing", body(t, map[string]any{"aud": nil}), "audience"},
		{"aud other", body(t, map[string]any{"aud": "https://other.example"}), "audience"},
		{"aud longer", body(t, map[string]any{"aud": audience + ".evil.example"}), "audience"},
		{"aud empty", only("aud", `""`), "claims_aud"},
		{"aud empty array", only("aud", `[]`), "claims_aud"},
		{"aud null", only("aud", `null`), "claims_aud"},
		{"aud number", only("aud", `1`), "claims_aud"},
		{"aud nested", only("aud", `[["`+audience+`"]]`), "claims_aud"},
		{"aud with null", only("aud", `["`+audience+`",null]`), "claims_aud"},
		{"aud with an empty one", only("aud", `["`+audience+`",""]`), "claims_aud"},
		{"aud of two", body(t, map[string]any{"aud": []string{audience, "https://other.example"}}), "audience"},
		{"sub number", only("sub", `1`), "claims_type"},
		{"sub null", only("sub", `null`), "claims_type"},
		{"jti empty", only("jti", `""`), "claims_type"},
		{"trailing data", body(t, nil) + "{}", "claims_json"},
		{"array", "[" + body(t, nil) + "]", "claims_json"},
		{"string", `"x"`, "claims_json"},
		{"empty", "", "claims_json"},
		{"invalid UTF-8", raw("\"x\":\"\xff\""), "claims_json"},
		{"NaN", raw(`"x":NaN`), "claims_json"},
		{"deep", raw(`"x":` + strings.Repeat("[", 17) + strings.Repeat("]", 17)), "claims_json"},
	} {
		invalid(t, v, c.name, forge(t, k, head(k), c.payload), c.reason)
	}
}
