package server_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store/memory"
)

// forms are JWTs that the right key signed, or that say so, and that are none all
// the same (RFC 8725 §2). header and payload are of a good one.
func forms(k, other clientKey, header, payload string) map[string]string {
	in := func(object, member string) string { return strings.TrimSuffix(object, "}") + "," + member + "}" }
	alg := func(value string) string {
		return strings.Replace(header, `"alg":"`+k.method.Alg()+`"`, `"alg":`+value, 1)
	}
	kid := func(value string) string {
		return strings.Replace(header, `"kid":"`+k.public.Public().ID()+`"`, `"kid":`+value, 1)
	}
	good := k.raw(header, payload)
	part := strings.Split(good, ".")
	all := map[string]string{
		"no signature": part[0] + "." + part[1] + ".", "another key": other.raw(header, payload),
		"another key, which it names": other.raw(in(kid(`"`+other.public.Public().ID()+`"`), `"jwk":`+other.jwk()), payload),
		"two segments":                part[0] + "." + part[1], "four segments": good + ".x", "six segments": good + ".a.b.c", "padding": good + "=", "white space": good + " ", "new line": good[:9] + "\n" + good[9:],
		"JSON": `{"protected":"` + part[0] + `","payload":"` + part[1] + `","signature":"` + part[2] + `"}`,
		"deep": k.raw(header, in(payload, `"x":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000))),
		"dots": strings.Repeat(".", 8000), "empty payload": k.raw(header, ""), "an array": k.raw(header, "["+payload+"]"), "two objects": k.raw(header, payload+payload),
	}
	for _, value := range []string{`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `""`, `null`, `0`, `["` + k.method.Alg() + `"]`, `"HS256"`} {
		all["alg "+value] = k.raw(alg(value), payload)
		all["alg "+value+", unsigned"] = encode(alg(value)) + "." + part[1] + "."
	}
	for _, member := range []string{`"crit":["exp"]`, `"crit":[]`, `"b64":false`, `"zip":"DEF"`, `"cty":"JWT"`, `"jwk":` + k.jwk(), `"jku":"https://attacker.example/"`, `"x5u":"https://attacker.example/"`, `"x5c":["AA"]`, `"x":1`, `"alg":"` + k.method.Alg() + `"`, `"ALG":"none"`} {
		all["header with "+member] = k.raw(in(header, member), payload)
	}
	for _, value := range []string{`"../../etc/passwd"`, `"' OR 1=1 --"`, `"a\u0000"`, `"` + strings.Repeat("a", 200) + `"`, `{}`, `1`, `null`, `""`, `"` + other.public.Public().ID() + `"`} {
		all["kid "+value[:min(len(value), 20)]] = k.raw(kid(value), payload)
	}
	for _, value := range []string{`"at+jwt"`, `"logout+jwt"`, `"client-authentication+jwt"`, `["JWT"]`, `"JWTx"`} {
		_, rest, _ := strings.Cut(header, `"typ":"`)
		typ, _, _ := strings.Cut(rest, `"`)
		all["typ "+value] = k.raw(strings.Replace(header, `"typ":"`+typ+`"`, `"typ":`+value, 1), payload)
	}
	for _, member := range []string{`"sub":"mallory","sub":"alice"`, `"SUB":"mallory"`, `"iss":"https://attacker.example"`, `"EXP":9000000000`, `"x":{"a":1,"a":2}`, `"x":{"a":1,"A":2}`} {
		all["payload with "+member] = k.raw(header, in(payload, member))
	}
	for _, value := range []string{`null`, `0`, `-1`, `"9000000000"`, `9000000000.5`, `1e300`, `[9000000000]`, `99999999999999999999`, `253402300800`} {
		all["exp "+value] = k.raw(header, withClaim(payload, "exp", json.RawMessage(value)))
	}
	return all
}

// withClaim replaces a claim of a payload; nil removes it.
func withClaim(payload, name string, value any) string {
	claims := map[string]any{}
	if err := json.Unmarshal([]byte(payload), &claims); err != nil {
		panic(err)
	}
	if claims[name] = value; value == nil {
		delete(claims, name)
	}
	b, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// macs are JWTs for which the public key was taken as the secret of HS256.
func macs(t *testing.T, k clientKey, public crypto.PublicKey, header, payload string) map[string]string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	header = strings.Replace(header, `"alg":"`+k.method.Alg()+`"`, `"alg":"HS256"`, 1)
	all := map[string]string{}
	for name, secret := range map[string][]byte{"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "DER": der, "JWK": []byte(k.jwk()), "nothing": nil} {
		all["HS256 with the key as "+name] = clientKey{method: jwt.SigningMethodHS256, private: secret, public: k.public}.raw(header, payload)
	}
	return all
}

// A request object in any of these forms is refused, and the person sees nothing.
func TestFormsOfRequestObjects(t *testing.T) {
	proof.Of(t, "ATK-80", "ATK-81", "ATK-83", "ATK-84", "ATK-85", "ATK-86", "ATK-87", "ATK-88", "ATK-89", "ATK-95")
	f := newObjectFixture(t, "")
	header, payload := f.key.header(`,"typ":"oauth-authz-req+jwt"`), f.claims(nil)
	f.waits("control", url.Values{"request": {f.key.raw(header, payload)}})
	all := forms(f.key, newClientKey(t, jose.ES256), header, payload)
	maps.Copy(all, macs(t, f.key, f.key.private.(*ecdsa.PrivateKey).Public(), header, payload))
	for name, object := range all {
		f.told(name, url.Values{"request": {object}}, "invalid_request_object")
	}
	f.told("max_age beyond all", url.Values{"request": {f.object(map[string]any{"max_age": json.RawMessage("9223372036854775807"), "state": "beside"})}}, "invalid_request")
	f.waits("control", url.Values{"request": {f.key.raw(header, payload)}})
}

// No client authenticates with an assertion in any of these forms, and none of them
// uses up the jti of the good one.
func TestFormsOfAssertions(t *testing.T) {
	proof.Of(t, "ATK-80", "ATK-81", "ATK-83", "ATK-84", "ATK-85", "ATK-86", "ATK-87", "ATK-88", "ATK-89")
	f := newKeyFixture(t, memory.New())
	key := newClientKey(t, jose.ES256)
	c := f.asserter(key, "")
	header, payload := key.header(`,"typ":"JWT"`), assertionClaims(f, c.ID, nil)
	all := forms(key, newClientKey(t, jose.ES256), header, payload)
	delete(all, `typ "client-authentication+jwt"`) // which is good here
	maps.Copy(all, macs(t, key, key.private.(*ecdsa.PrivateKey).Public(), header, payload))
	for name, assertion := range all {
		f.refuses(name, with(machine, asserting(c.ID, assertion)))
	}
	f.accepts("control", with(machine, asserting(c.ID, key.raw(header, payload))))
}

// Nor is an ID Token in any of these forms a hint, also when the server's own key
// signed it.
func TestFormsOfHints(t *testing.T) {
	proof.Of(t, "ATK-80", "ATK-81", "ATK-83", "ATK-84", "ATK-85", "ATK-86", "ATK-87", "ATK-88", "ATK-89", "OIDC-CORE-3.1.2.2-6")
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	hint := f.login(c, "openid", nil).ID
	key := ownKey(t, f, hint)
	part := strings.Split(hint, ".")
	header, payload := decoded(t, part[0]), decoded(t, part[1])
	refused := func(hint string) string {
		return f.refusedWith(c.Request(url.Values{"scope": {"openid"}, "prompt": {"none"}, "id_token_hint": {hint}}))
	}
	if got := refused(key.raw(header, payload)); got != "" {
		t.Fatalf("control: %q", got)
	}
	all := forms(key, newClientKey(t, jose.RS256), header, payload)
	maps.Copy(all, macs(t, key, key.private.(*rsa.PrivateKey).Public(), header, payload))
	for claim, value := range map[string]any{"iss": "https://other.example.com", "aud": "another", "sub": nil, "iat": f.Clock.Now().Unix() + 120, "exp": nil} {
		all["another "+claim] = key.raw(header, withClaim(payload, claim, value))
	}
	for name, forged := range all {
		if got := refused(forged); got != "invalid_request" {
			t.Errorf("%s: %q, want invalid_request", name, got)
		}
	}
	if got := refused(hint); got != "" {
		t.Errorf("control: %q", got)
	}
}

// ownKey is the key of the server that signed a token.
func ownKey(t *testing.T, f fixture, token string) clientKey {
	t.Helper()
	keys, err := f.Store.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if !strings.Contains(decoded(t, strings.Split(token, ".")[0]), `"kid":"`+k.ID+`"`) {
			continue
		}
		der, err := servertest.KEK(t).Open(k.Sealed, seal.Identity("key", k.ID, k.Algorithm))
		if err != nil {
			t.Fatal(err)
		}
		private, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			t.Fatal(err)
		}
		public, err := jose.ParseKey(jose.Algorithm(k.Algorithm), der)
		if err != nil {
			t.Fatal(err)
		}
		return clientKey{jwt.GetSigningMethod(k.Algorithm), private, public}
	}
	t.Fatal("the key is not there")
	return clientKey{}
}
