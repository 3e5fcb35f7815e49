package protect_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/protect"
)

func key(t testing.TB) *jose.Key {
	t.Helper()
	k, err := jose.Generate(jose.ES256)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t testing.TB, k *jose.Key, typ string, claims map[string]any) string {
	t.Helper()
	token, err := k.Sign(typ, claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// signRaw signs what jose would not.
func signRaw(t testing.TB, k *ecdsa.PrivateKey, head, payload string) string {
	t.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// claims are good ones (RFC 9068 §2.2), with changes: nil removes a claim.
func claims(changes map[string]any) map[string]any {
	c := map[string]any{
		"iss": issuer, "sub": "alice", "aud": resource, "client_id": "app", "scope": "read write", "jti": "1",
		"iat": start.Unix(), "exp": start.Add(time.Hour).Unix(), "auth_time": start.Unix(),
	}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// An issuerOfKeys publishes keys, or fails.
type issuerOfKeys struct {
	mu    sync.Mutex
	keys  []*jose.Key
	fail  string // a body that is no key set; empty to work
	asked int
}

func (s *issuerOfKeys) set(fail string, keys ...*jose.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail, s.keys = fail, keys
}

func (s *issuerOfKeys) fetched() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *issuerOfKeys) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	w.Header().Set("Content-Type", "application/jwk-set+json")
	if s.fail != "" {
		_, _ = io.WriteString(w, s.fail)
		return
	}
	public := []jose.PublicKey{}
	for _, k := range s.keys {
		public = append(public, k.Public())
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": public})
}

func byKeys(t testing.TB, s http.Handler, now *clock) http.Handler {
	t.Helper()
	v, err := protect.JWT(protect.JWTConfig{Issuer: issuer, Resource: resource, JWKS: issuer + "/jwks", HTTPClient: served(s), Now: now.Now})
	if err != nil {
		t.Fatal(err)
	}
	c := config(v)
	c.Now = now.Now
	return guard(t, c).Handler(hello)
}

// TestJWT is RFC 9068 §4.
func TestJWT(t *testing.T) {
	proof.Of(t, "RFC9068-4-5", "RFC9068-4-7", "RFC9068-4-11", "RFC8725-3.8-1", "RFC8725-3.8-2", "RFC8725-3.9-2")
	proof.Of(t, "ATK-71")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := jose.NewKey(jose.ES256, private)
	if err != nil {
		t.Fatal(err)
	}
	other := key(t)
	raw := func(old, replacement string) string {
		payload, err := json.Marshal(claims(nil))
		if err != nil || !strings.Contains(string(payload), old) {
			t.Fatalf("%q is not in %s", old, payload)
		}
		return signRaw(t, private, `{"alg":"ES256","typ":"at+jwt","kid":"`+ours.Public().ID()+`"}`, strings.Replace(string(payload), old, replacement, 1))
	}
	s := &issuerOfKeys{keys: []*jose.Key{ours}}
	h := byKeys(t, s, newClock())
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + strings.Split(sign(t, ours, "at+jwt", claims(nil)), ".")[1] + "."
	halves := strings.Split(sign(t, ours, "at+jwt", claims(nil)), ".")
	foreign := strings.Split(sign(t, ours, "at+jwt", claims(map[string]any{"aud": "https://other.example.com"})), ".")
	type m = map[string]any
	for _, c := range []struct {
		id, token string
		status    int
	}{
		{"the control", sign(t, ours, "at+jwt", claims(nil)), 200},
		{"whole media type", sign(t, ours, "application/at+jwt", claims(nil)), 200},
		{"audience above", sign(t, ours, "at+jwt", claims(m{"aud": "https://mcp.example.com"})), 200},
		{"audience with a slash", sign(t, ours, "at+jwt", claims(m{"aud": resource + "/"})), 200},
		{"one of two audiences", sign(t, ours, "at+jwt", claims(m{"aud": []string{"https://other.example.com", resource}})), 200},
		{"last second", sign(t, ours, "at+jwt", claims(m{"exp": start.Unix() + 1})), 200},

		{"ATK-71 another resource", sign(t, ours, "at+jwt", claims(m{"aud": "https://other.example.com"})), 401},
		{"prefix of the path", sign(t, ours, "at+jwt", claims(m{"aud": resource[:len(resource)-1]})), 401},
		{"no audience", sign(t, ours, "at+jwt", claims(m{"aud": nil})), 401},
		{"empty audience", sign(t, ours, "at+jwt", claims(m{"aud": []string{}})), 401},
		{"good claims, signature of others", halves[0] + "." + halves[1] + "." + foreign[2], 401},
		{"another issuer", sign(t, ours, "at+jwt", claims(m{"iss": "https://evil.example.com"})), 401},
		{"issuer with a slash", sign(t, ours, "at+jwt", claims(m{"iss": issuer + "/"})), 401},
		{"no issuer", sign(t, ours, "at+jwt", claims(m{"iss": nil})), 401},
		{"ID token: typ JWT", sign(t, ours, "JWT", claims(nil)), 401},
		{"introspection response (RFC 9701 §8.1)", sign(t, ours, "token-introspection+jwt", claims(nil)), 401},
		{"expired", sign(t, ours, "at+jwt", claims(m{"exp": start.Unix()})), 401},
		{"no expiry", sign(t, ours, "at+jwt", claims(m{"exp": nil})), 401},
		{"not yet", sign(t, ours, "at+jwt", claims(m{"nbf": start.Unix() + 1})), 401},
		{"no subject", sign(t, ours, "at+jwt", claims(m{"sub": nil})), 401},
		{"no client", sign(t, ours, "at+jwt", claims(m{"client_id": nil})), 401},
		{"client is a number", sign(t, ours, "at+jwt", claims(m{"client_id": 7})), 401},
		{"scope is a list", sign(t, ours, "at+jwt", claims(m{"scope": []string{"read"}})), 401},
		{"signed by the test itself, the control", raw(`"scope"`, `"scope"`), 200},
		{"scope in another case", raw(`"scope"`, `"SCOPE"`), 401},
		{"audience twice", raw(`"aud"`, `"aud":"https://other.example.com","aud"`), 401},
		{"audience twice, the other way", raw(`"exp"`, `"aud":"https://other.example.com","exp"`), 401},
		{"sender-constrained", sign(t, ours, "at+jwt", claims(m{"cnf": m{"jkt": "x"}})), 401},
		{"another's key", sign(t, other, "at+jwt", claims(nil)), 401},
		{"unsigned", unsigned, 401},
		{"cut", strings.TrimSuffix(sign(t, ours, "at+jwt", claims(nil)), "A")[:40], 401},
		{"three dots", "a.b.c.d", 401},
		{"opaque", "chat_abc", 401},
		{"scope", sign(t, ours, "at+jwt", claims(m{"scope": "write"})), 403},
		{"no scope", sign(t, ours, "at+jwt", claims(m{"scope": nil})), 403},
	} {
		if res := call(h, "Bearer "+c.token); res.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d", c.id, res.StatusCode, c.status)
		}
	}
}

func TestJWTIdentity(t *testing.T) {
	k := key(t)
	v, err := protect.JWT(protect.JWTConfig{Issuer: issuer, Resource: resource, JWKS: issuer + "/jwks", HTTPClient: served(&issuerOfKeys{keys: []*jose.Key{k}}), Now: newClock().Now})
	if err != nil {
		t.Fatal(err)
	}
	i, err := v.Verify(t.Context(), sign(t, k, "at+jwt", claims(map[string]any{"tenant": "acme"})))
	if err != nil || i.Subject != "alice" || i.ClientID != "app" || i.Issuer != issuer || !i.HasScopes("read", "write") || i.HasScopes("admin") ||
		!i.AuthTime.Equal(start) || !i.IssuedAt.Equal(start) || !i.ExpiresAt.Equal(start.Add(time.Hour)) || string(i.Claims["tenant"]) != `"acme"` {
		t.Errorf("%+v, %v", i, err)
	}
}

// TestKeyRotation: a new key is found at once, an id that nobody has costs one
// request in 30 seconds.
func TestKeyRotation(t *testing.T) {
	first, second, third, nobody := key(t), key(t), key(t), key(t)
	s, now := &issuerOfKeys{keys: []*jose.Key{first}}, newClock()
	h := byKeys(t, s, now)
	if s.fetched() != 0 {
		t.Error("fetched before the first token")
	}
	step := func(id string, k *jose.Key, status, fetched int) {
		t.Helper()
		if res := call(h, "Bearer "+sign(t, k, "at+jwt", claims(nil))); res.StatusCode != status || s.fetched() != fetched {
			t.Errorf("%s: status %d after %d fetches, want %d after %d", id, res.StatusCode, s.fetched(), status, fetched)
		}
	}
	step("first token", first, 200, 1)
	step("again", first, 200, 1)
	s.set("", first, second)
	step("new key", second, 200, 2)
	step("unknown key, at once", nobody, 401, 2)
	s.set("", second, third)
	step("newer key, too soon", third, 401, 2)
	now.Move(30*time.Second - 1)
	step("unknown key, still too soon", nobody, 401, 2)
	now.Move(1)
	step("newer key, in time", third, 200, 3)
	step("withdrawn key", first, 401, 3)
	now.Move(5 * time.Minute)
	step("keys are old", third, 200, 4)
	s.set("", first)
	now.Move(5 * time.Minute)
	step("withdrawn, at the first look at newer keys", third, 401, 6) // and once more, for an id that is not there
}

// TestKeysUnavailable: old keys do for an hour; without any, nobody can tell.
func TestKeysUnavailable(t *testing.T) {
	k := key(t)
	s, now := &issuerOfKeys{fail: "<html>"}, newClock()
	h := byKeys(t, s, now)
	step := func(id string, k *jose.Key, status, fetched int) {
		t.Helper()
		if res := call(h, "Bearer "+sign(t, k, "at+jwt", claims(map[string]any{"exp": start.Add(24 * time.Hour).Unix()}))); res.StatusCode != status || s.fetched() != fetched {
			t.Errorf("%s: status %d after %d fetches, want %d after %d", id, res.StatusCode, s.fetched(), status, fetched)
		}
	}
	step("never had keys", k, 503, 1)
	step("held back", k, 503, 1)
	now.Move(5 * time.Second)
	s.set("", k)
	step("back", k, 200, 2)
	s.set(`{"keys":[{"kty":"oct","k":"AAAA"}]}`)
	now.Move(time.Hour - 1)
	step("old keys", k, 200, 3)
	step("old keys, held back", k, 200, 3)
	step("unknown key: cannot tell", key(t), 503, 4)
	now.Move(5 * time.Second)
	step("too old", k, 503, 5)
	s.set("")
	now.Move(5 * time.Second)
	step("all keys withdrawn", k, 401, 6)
}

// TestKeysConcurrently: many first tokens at once share one fetch.
func TestKeysConcurrently(t *testing.T) {
	k := key(t)
	s, now := &issuerOfKeys{keys: []*jose.Key{k}}, newClock()
	h := byKeys(t, s, now)
	token := sign(t, k, "at+jwt", claims(nil))
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if res := call(h, "Bearer "+token); res.StatusCode != 200 {
				t.Errorf("status %d", res.StatusCode)
			}
		})
	}
	all.Wait()
	if s.fetched() != 1 {
		t.Errorf("%d fetches", s.fetched())
	}
}
