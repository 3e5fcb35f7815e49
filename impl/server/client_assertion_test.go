package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// TestPrivateKeyJWT: the good ones, and every way in which one is not. That the
// client gets its token at the end shows that only the assertion was at fault.
func TestPrivateKeyJWT(t *testing.T) {
	proof.Of(t, "OAUTH21-2.4-2", "RFC9700-2.5-2", "RFC8725-3.8-3", "RFC8725-3.8-4", "RFC8725-3.8-1", "RFC8725-3.8-2")
	proof.Of(t,
		"ATK-80", "ATK-83", "ATK-84", "ATK-85", "ATK-86", "ATK-87", "ATK-88", "ATK-89", "ATK-91", "ATK-103",
		"RFC7521-3-1", "RFC7521-4.2-3", "RFC7521-4.2.1-1", "RFC7521-5.2-1", "RFC7521-5.2-2", "RFC7521-5.2-3", "RFC7521-5.2-4", "RFC7521-5.2-5", "RFC7521-5.2-6", "RFC7521-5.2-7", "RFC7521-5.2-8",
		"RFC7523-2.2-1", "RFC7523-3-1", "RFC7523-3-2", "RFC7523-3-3", "RFC7523-3-4", "RFC7523-3-5", "RFC7523-3-6", "RFC7523-3-7", "RFC7523-3-8", "RFC7523-3-9", "RFC7523-3-10", "RFC7523-3-11", "RFC7523-3-12", "RFC7523-3-13", "RFC7523-3-15", "RFC7523-3-16", "RFC7523-3-17", "RFC7523-3.2-1",
		"OIDC-CORE-9-1", "OIDC-CORE-9-2", "OIDC-CORE-9-3", "OIDC-CORE-9-5", "OIDC-CORE-9-7", "OIDC-CORE-9-8",
		"RFC7523BIS-4-3", "RFC7523BIS-4-5", "RFC7523BIS-4-6", "RFC7523BIS-4-7", "RFC7523BIS-4-8", "RFC7523BIS-4-9")
	f := newKeyFixture(t, memory.New())
	key := newClientKey(t, jose.ES256)
	c := f.asserter(key, "")
	now := f.Clock.Now().Unix()
	change := func(name string, v any) string {
		return key.raw(key.header(""), assertionClaims(f, c.ID, map[string]any{name: v}))
	}
	good := func() string { return change("x", 1) }
	header := func(more string) string { return key.raw(key.header(more), assertionClaims(f, c.ID, nil)) }
	payload := func(replace, by string) string {
		return key.raw(key.header(""), strings.Replace(assertionClaims(f, c.ID, nil), replace, by, 1))
	}
	for name, assertion := range map[string]string{
		"no typ": good(), "JWT": header(`,"typ":"JWT"`), "the typ of rfc7523bis": header(`,"typ":"client-authentication+jwt"`),
		"media type whole": header(`,"typ":"application/client-authentication+jwt"`),
		"nbf in the past":  change("nbf", now-1), "without iat": change("iat", nil), "as long as may be": change("exp", now+3600),
	} {
		if res := f.Post("/token", with(machine, asserting(c.ID, assertion))); res.StatusCode != 200 {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	f.accepts("without client_id", with(machine, asserting("", good())))

	changed := good()
	last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", changed[len(changed)-2])
	mutated := changed[:len(changed)-2] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[(last+1)%64]) + changed[len(changed)-1:]
	parts := strings.Split(good(), ".")
	other := newClientKey(t, jose.ES256)
	for name, assertion := range map[string]string{
		"alg none": encode(`{"alg":"none"}`) + "." + parts[1] + ".", "alg none, signed": key.raw(`{"alg":"none"}`, assertionClaims(f, c.ID, nil)),
		"alg absent": key.raw(`{}`, assertionClaims(f, c.ID, nil)), "alg null": key.raw(`{"alg":null}`, assertionClaims(f, c.ID, nil)),
		"another key": other.raw(key.header(""), assertionClaims(f, c.ID, nil)),
		"jwk":         other.raw(other.header(`,"jwk":`+other.jwk()), assertionClaims(f, c.ID, nil)), "jku": header(`,"jku":"https://attacker.example/"`), "x5u": header(`,"x5u":"https://attacker.example/"`),
		"crit": header(`,"crit":["exp"]`), "b64": header(`,"b64":false`), "zip": header(`,"zip":"DEF"`), "nested": header(`,"cty":"JWT"`), "typ of an access token": header(`,"typ":"at+jwt"`),
		"kid of nobody": key.raw(`{"alg":"ES256","kid":"../../etc/passwd"}`, assertionClaims(f, c.ID, nil)), "kid is an object": key.raw(`{"alg":"ES256","kid":{}}`, assertionClaims(f, c.ID, nil)),
		"member twice": payload(`"iss":`, `"iss":"x","iss":`), "member in another case": payload(`"exp":`, `"EXP":1,"exp":`), "header member twice": key.raw(`{"alg":"none","alg":"ES256"}`, assertionClaims(f, c.ID, nil)),
		"two segments": parts[0] + "." + parts[1], "four segments": good() + ".x", "padding": good() + "=", "white space": good() + " ", "JSON": `{"payload":"x","signatures":[]}`, "last character": mutated,
		"two JWTs": good() + "," + good(), "empty payload": key.raw(key.header(""), ""),
		"no iss": change("iss", nil), "iss of another": change("iss", "other"), "no sub": change("sub", nil), "sub of another": change("sub", "other"),
		"no aud": change("aud", nil), "aud token endpoint": change("aud", servertest.Issuer+"/token"), "aud in an array": change("aud", []string{servertest.Issuer}), "aud with a slash": change("aud", servertest.Issuer+"/"),
		"aud of another server": change("aud", "https://other.example.com"), "aud and another": change("aud", []string{servertest.Issuer, "https://other.example.com"}), "aud in upper case": change("aud", strings.ToUpper(servertest.Issuer)),
		"no exp": change("exp", nil), "exp null": payload(`"exp":`, `"exp":null,"x":`), "exp 0": change("exp", 0), "exp text": change("exp", fmt.Sprint(now+60)), "exp float": payload(`"exp":`, `"exp":1e300,"x":`), "exp negative": change("exp", -1),
		"expired": change("exp", now-11), "iat long ago": change("iat", now-7200), "for too long": change("exp", now+3700), "nbf ahead": change("nbf", now+60), "iat ahead": change("iat", now+120),
		"no jti": change("jti", nil), "jti null": payload(`"jti":`, `"jti":null,"x":`), "jti number": payload(`"jti":`, `"jti":1,"x":`),
		"deep": payload(`"unknown":`, `"unknown":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+`,"x":`),
	} {
		servertest.Refused(t, f.Post("/token", with(machine, asserting(c.ID, assertion))), http.StatusUnauthorized, "invalid_client")
		if t.Failed() {
			t.Fatalf("by: %s", name)
		}
	}
	servertest.Refused(t, f.Post("/token", with(machine, asserting(c.ID, strings.Repeat(".", 8193)))), http.StatusBadRequest, "invalid_request")
	servertest.Refused(t, f.Post("/token", with(machine, asserting("other", good()))), http.StatusUnauthorized, "invalid_client")
	f.accepts("the control", with(machine, asserting(c.ID, good())))
}

// Key confusion: a public key is no secret, and each key has one algorithm.
func TestAssertionKeyConfusion(t *testing.T) {
	proof.Of(t, "ATK-81", "ATK-82")
	f := newKeyFixture(t, memory.New())
	key := newClientKey(t, jose.RS256)
	c := f.asserter(key, `,"token_endpoint_auth_signing_alg":"RS256"`)
	claims := func() string { return assertionClaims(f, c.ID, nil) }
	var jwk struct{ N string }
	if err := json.Unmarshal([]byte(key.jwk()), &jwk); err != nil {
		t.Fatal(err)
	}
	modulus, err := base64.RawURLEncoding.DecodeString(jwk.N)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{"JWK": []byte(key.jwk()), "modulus": modulus, "modulus in text": []byte(jwk.N)} {
		mac := clientKey{method: jwt.SigningMethodHS256, private: secret, public: key.public}
		f.refuses("HS256 with the "+name, with(machine, asserting(c.ID, mac.raw(mac.header(""), claims()))))
	}
	pss := clientKey{method: jwt.SigningMethodPS256, private: key.private, public: key.public}
	f.refuses("PS256 with the key for RS256", with(machine, asserting(c.ID, pss.raw(pss.header(""), claims()))))
	f.accepts("the control", with(machine, asserting(c.ID, key.raw(key.header(""), claims()))))
}

// Two methods at once, and methods that are not the registered one. What decides
// is the method that verified (CVE-2026-16093).
func TestAssertionIsTheRegisteredMethod(t *testing.T) {
	proof.Of(t, "MAD-25", "WOP-209", "ATK-103", "CVE-2026-16093", "RP-META-3-1", "RFC7521-4.2-1", "RFC7521-4.2-2", "OIDC-CORE-9-9", "OIDC-CORE-10.1-5")
	f := newKeyFixture(t, memory.New())
	key := newClientKey(t, jose.ES256)
	c := f.asserter(key, "")
	secret := f.operatorClient(server.OperatorClient{Metadata: []byte(`{"grant_types":["client_credentials"],"jwks":{"keys":[` + key.jwk() + `]}}`)})
	sealed := f.operatorClient(server.OperatorClient{Metadata: []byte(`{"grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_jwt","jwks":{"keys":[` + key.jwk() + `]}}`)})
	public := f.Public()
	good := func(id string) url.Values {
		return asserting(id, key.raw(key.header(""), assertionClaims(f, id, nil)))
	}
	mac := clientKey{method: jwt.SigningMethodHS256, private: []byte(sealed.Secret)}
	maced := func(id string) url.Values {
		return asserting(id, mac.raw(`{"alg":"HS256"}`, assertionClaims(f, id, nil)))
	}
	f.accepts("private_key_jwt", with(machine, good(c.ID)))
	f.accepts("client_secret_jwt", with(machine, maced(sealed.ID)))

	for name, form := range map[string]url.Values{
		"secret beside an assertion":      with(good(c.ID), url.Values{"client_secret": {"x"}}),
		"secret beside a bogus assertion": with(asserting(secret.ID, "x.y.z"), url.Values{"client_secret": {secret.Secret}}),
		"assertion without its type":      {"client_id": {c.ID}, "client_assertion": good(c.ID)["client_assertion"]},
		"type without its assertion":      {"client_id": {c.ID}, "client_assertion_type": good(c.ID)["client_assertion_type"]},
		"assertion twice":                 with(good(c.ID), url.Values{"client_assertion": {"a", "b"}}),
	} {
		servertest.Refused(t, f.Post("/token", with(machine, form)), http.StatusBadRequest, "invalid_request")
		if t.Failed() {
			t.Fatalf("by: %s", name)
		}
	}
	servertest.Refused(t, f.Post("/token", with(machine, good(c.ID)), servertest.Basic(secret.ID, secret.Secret)), http.StatusBadRequest, "invalid_request")
	servertest.Refused(t, f.Post("/token", with(machine, with(good(c.ID), url.Values{"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}}))), http.StatusBadRequest, "invalid_client")

	f.refuses("nothing but the name", with(machine, url.Values{"client_id": {c.ID}}))
	f.refuses("assertion of a secret's client", with(machine, good(secret.ID)))
	f.refuses("assertion of a public client", with(machine, good(public.ID)))
	f.refuses("key where a secret is registered", with(machine, good(sealed.ID)))
	f.refuses("MAC where a key is registered", with(machine, maced(c.ID)))
	f.refuses("the secret itself where a MAC is registered", with(machine, url.Values{"client_id": {sealed.ID}, "client_secret": {sealed.Secret}}))
	if res := f.Post("/token", machine, servertest.Basic(sealed.ID, sealed.Secret)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the secret itself by Basic: %d", res.StatusCode)
	}
	// The other endpoints that authenticate.
	for _, path := range []string{"/introspect", "/revoke"} {
		for name, form := range map[string]url.Values{"key": good(c.ID), "MAC": maced(sealed.ID)} {
			if res := f.Post(path, with(form, url.Values{"token": {"x"}})); res.StatusCode != http.StatusOK {
				t.Errorf("%s by %s: %d", path, name, res.StatusCode)
			}
		}
		if res := f.Post(path, with(good(secret.ID), url.Values{"token": {"x"}})); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// An assertion is good once: over replicas, with racers, after a restart, and
// until it is expired everywhere. Another client's identifiers are its own.
func TestAssertionOnce(t *testing.T) {
	proof.Of(t, "ATK-90", "WOP-303", "RFC7523-3-14", "OIDC-CORE-9-6")
	st := memory.New()
	f := newKeyFixture(t, st)
	replicas := []keyFixture{f, newKeyFixture(t, st), newKeyFixture(t, st)}
	key := newClientKey(t, jose.ES256)
	c, other := f.asserter(key, ""), f.asserter(key, "")
	once := func(id string) url.Values {
		return with(machine, asserting(id, key.raw(key.header(""), assertionClaims(f, id, map[string]any{"jti": "the-one"}))))
	}
	form := once(c.ID)
	var good, bad atomic.Int64
	var racers sync.WaitGroup
	for i := range 32 {
		racers.Go(func() {
			switch res := replicas[i%3].Post("/token", form); res.StatusCode {
			case http.StatusOK:
				good.Add(1)
			case http.StatusUnauthorized:
				bad.Add(1)
			}
		})
	}
	racers.Wait()
	if good.Load() != 1 || bad.Load() != 31 {
		t.Errorf("%d accepted, %d refused; want 1 and 31", good.Load(), bad.Load())
	}
	f.accepts("the same jti of another client", once(other.ID))
	f.refuses("another assertion with the jti", once(c.ID))

	// The mark outlives the assertion and the leeway, whatever is swept.
	for _, at := range []time.Duration{59 * time.Second, 10 * time.Second, 999 * time.Millisecond} {
		for _, r := range replicas {
			r.Clock.Move(at)
			if _, err := r.Sweep(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		f.refuses("after a sweep", form)
	}
	newKeyFixture(t, st).refuses("after a restart", form)
	f.accepts("the control", with(machine, asserting(c.ID, key.raw(key.header(""), assertionClaims(f, c.ID, nil)))))
}

// A forged assertion does not use up the identifier of the genuine one.
func TestForgedAssertionUsesNothingUp(t *testing.T) {
	proof.Of(t, "KC-49215")
	f := newKeyFixture(t, memory.New())
	key, forger := newClientKey(t, jose.ES256), newClientKey(t, jose.ES256)
	c := f.asserter(key, "")
	claims := assertionClaims(f, c.ID, map[string]any{"jti": "next"})
	f.refuses("forged", with(machine, asserting(c.ID, forger.raw(key.header(""), claims))))
	f.refuses("for another server", with(machine, asserting(c.ID, key.raw(key.header(""), assertionClaims(f, c.ID, map[string]any{"jti": "next", "aud": "https://other.example.com"})))))
	f.accepts("genuine", with(machine, asserting(c.ID, key.raw(key.header(""), claims))))
	f.refuses("again", with(machine, asserting(c.ID, key.raw(key.header(""), claims))))
}

// Only an operator lets a client address its assertions to the token endpoint.
func TestLegacyAssertionAudience(t *testing.T) {
	proof.Of(t, "ATK-91")
	f := newKeyFixture(t, memory.New())
	key := newClientKey(t, jose.ES256)
	c := f.asserter(key, "")
	to := func(aud any) url.Values {
		return with(machine, asserting(c.ID, key.raw(key.header(""), assertionClaims(f, c.ID, map[string]any{"aud": aud}))))
	}
	f.refuses("token endpoint", to(servertest.Issuer+"/token"))
	legacy := true
	if _, _, err := server.UpdateClient(context.Background(), f.Store, f.Clock.Now(), c.ID, server.ClientUpdate{InsecureLegacyJWT: &legacy}); err != nil {
		t.Fatal(err)
	}
	f.accepts("token endpoint", to(servertest.Issuer+"/token"))
	f.accepts("both", to([]string{servertest.Issuer, servertest.Issuer + "/token"}))
	f.accepts("issuer", to(servertest.Issuer))
	f.refuses("another server's", to("https://other.example.com/token"))
	f.refuses("another endpoint", to(servertest.Issuer+"/revoke"))
}
