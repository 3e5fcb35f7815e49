package jose

import (
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// The keys and signed messages of RFC 7515 Appendix A.2 and A.3 and RFC 8037
// Appendix A.
const (
	rsaJWK = `{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}`
	rsaJWS = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
	ecJWK  = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	ecJWS  = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	edSeed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
	edJWK  = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	edJWS  = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)

func TestSignatureVectors(t *testing.T) {
	proof.Of(t, "CVE-2020-15216")
	for _, c := range []struct {
		name, jwk, jws string
		alg            Algorithm
	}{
		{"RFC 7515 A.2", rsaJWK, rsaJWS, RS256},
		{"RFC 7515 A.3", ecJWK, ecJWS, ES256},
		{"RFC 8037 A.4", edJWK, edJWS, EdDSA},
	} {
		key, err := ParseJWK([]byte(c.jwk))
		if err != nil || key.Algorithm() != c.alg {
			t.Fatalf("%s: %v, %v", c.name, key.Algorithm(), err)
		}
		m, reason := parseCompact(c.jws)
		if reason != "" || m.header.alg != c.alg {
			t.Fatalf("%s: %s", c.name, reason)
		}
		if err := key.alg.method().Verify(m.input, m.signature, key.key); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := key.alg.method().Verify(m.input+"x", m.signature, key.key); err == nil {
			t.Errorf("%s: another message verifies", c.name)
		}
	}
}

// TestEd25519Signature: EdDSA is deterministic, so ours must be the RFC's.
func TestEd25519Signature(t *testing.T) {
	seed, err := decode(edSeed)
	if err != nil {
		t.Fatal(err)
	}
	k, err := NewKey(EdDSA, ed25519.NewKeyFromSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	input, want := edJWS[:strings.LastIndexByte(edJWS, '.')], edJWS[strings.LastIndexByte(edJWS, '.')+1:]
	got, err := k.signature([]byte(input))
	if err != nil || encoding.EncodeToString(got) != want {
		t.Errorf("%s, %v", encoding.EncodeToString(got), err)
	}
}

func TestThumbprintVectors(t *testing.T) {
	proof.Of(t, "RFC7638-3-1", "RFC7638-3-2", "RFC7638-3.2-1", "RFC7638-3.2-2", "RFC7638-3.3-1", "RFC7638-3.4-1")
	const rfc7638 = `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`
	for _, c := range []struct{ name, jwk, kid, want string }{
		{"RFC 7638 §3.1", rfc7638, "2011-04-29", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		{"RFC 9449 §4.2 and §6.1", `{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}`, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
		{"RFC 8037 A.3", edJWK, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
	} {
		k, err := ParseJWK([]byte(c.jwk))
		if err != nil || k.Thumbprint() != c.want || k.ID() != c.kid {
			t.Errorf("%s: %q, id %q, %v", c.name, k.Thumbprint(), k.ID(), err)
		}
	}
}

// TestJWKRoundTrip: what we publish is what we read, and says nothing private.
func TestJWKRoundTrip(t *testing.T) {
	proof.Of(t, "RFC8414-2-5", "RFC7517-4.1-1", "RFC7517-4.5-1", "RFC7518-6.2.1.2-1", "RFC7518-6.3.1-1")
	var all []PublicKey
	for _, k := range testKeys(t) {
		b, err := json.Marshal(k.Public())
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseJWK(b)
		if err != nil || again.ID() != k.Public().ID() || again.Algorithm() != k.Public().Algorithm() || again.Thumbprint() != k.Public().ID() {
			t.Errorf("%s becomes %+v, %v", b, again, err)
		}
		var m map[string]any
		if json.Unmarshal(b, &m) != nil || m["use"] != "sig" {
			t.Errorf("%s", b)
		}
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if m[private] != nil {
				t.Errorf("%s shows %s", k.Public().ID(), private)
			}
		}
		all = append(all, k.Public())
	}
	set, err := json.Marshal(map[string]any{"keys": all})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseJWKSet(set); err != nil || len(again) != len(all) {
		t.Errorf("the set becomes %d keys, %v", len(again), err)
	}
	if _, err := json.Marshal(PublicKey{}); err == nil {
		t.Error("the zero key has a JWK")
	}
}
