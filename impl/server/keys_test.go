package server

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

func testKEK(t testing.TB) *seal.KEK {
	t.Helper()
	b := make([]byte, 32)
	rand.Read(b)
	kek, err := seal.NewKEK(b)
	if err != nil {
		t.Fatal(err)
	}
	return kek
}

// A ringTest is a clock, a store, and as many processes over it as are asked for.
type ringTest struct {
	t     *testing.T
	store store.Store
	kek   *seal.KEK
	mu    sync.Mutex
	at    time.Time
}

func newRingTest(t *testing.T) *ringTest {
	return &ringTest{t: t, store: memory.New(), kek: testKEK(t), at: time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)}
}

func (r *ringTest) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

func (r *ringTest) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = r.at.Add(d)
}

var ringLifetimes = Lifetimes{AccessToken: time.Hour, SigningKey: 24 * time.Hour}

func (r *ringTest) process(algorithms ...string) *keyRing {
	r.t.Helper()
	ring, err := newKeyRing(context.Background(), r.store, r.kek, r.now, ringLifetimes, algorithms)
	if err != nil {
		r.t.Fatal(err)
	}
	return ring
}

// sign returns a token of an hour.
func (r *ringTest) sign(ring *keyRing) string {
	r.t.Helper()
	now := r.now()
	token, err := ring.sign(context.Background(), "ES256", "at+jwt", map[string]any{
		"iss": "https://auth.example.com", "aud": "https://a.example.com", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}

// verify verifies as a resource server that has just fetched the keys of ring.
func (r *ringTest) verify(ring *keyRing, token string) error {
	r.t.Helper()
	public, err := ring.published(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	v, err := jose.NewVerifier(jose.VerifierConfig{
		Keys: jose.StaticKeys(public...), Issuer: "https://auth.example.com", Audience: "https://a.example.com", Typ: "at+jwt", Now: r.now,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	_, err = v.Verify(context.Background(), token)
	return err
}

func TestKeysAreMadeForConfiguredAlgorithmsOnly(t *testing.T) {
	r := newRingTest(t)
	if public, err := r.process().published(context.Background()); err != nil || public == nil || len(public) != 0 {
		t.Errorf("%v, %v", public, err)
	}
	public, err := r.process("ES256", "EdDSA").published(context.Background())
	if err != nil || len(public) != 2 {
		t.Errorf("%v, %v", public, err)
	}
	b, err := json.Marshal(public)
	if err != nil || strings.Contains(string(b), `"d":`) {
		t.Errorf("%s, %v", b, err)
	}
}

func TestProcessesAgreeOnTheFirstKey(t *testing.T) {
	r := newRingTest(t)
	rings := make([]*keyRing, 8)
	var work sync.WaitGroup
	for i := range rings {
		work.Go(func() {
			ring, err := newKeyRing(context.Background(), r.store, r.kek, r.now, ringLifetimes, []string{"ES256"})
			if err != nil {
				t.Error(err)
			}
			rings[i] = ring
		})
	}
	work.Wait()
	if keys, err := r.store.Keys(context.Background()); err != nil || len(keys) != 1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	token := r.sign(rings[0])
	for i, ring := range rings {
		if err := r.verify(ring, token); err != nil {
			t.Errorf("process %d: %v", i, err)
		}
	}
}

func TestWrongKEKStopsTheStart(t *testing.T) {
	proof.Of(t, "ATK-100")
	r := newRingTest(t)
	r.process("ES256")
	r.process("ES256") // control: the same one starts
	_, err := newKeyRing(context.Background(), r.store, testKEK(t), r.now, ringLifetimes, []string{"ES256"})
	if !errors.Is(err, seal.ErrWrongKey) || !strings.Contains(err.Error(), "another key-encryption key") {
		t.Errorf("%v", err)
	}
	keys, _ := r.store.Keys(context.Background())
	if len(keys) != 1 {
		t.Errorf("%d keys: a process with another key-encryption key made its own", len(keys))
	}
}

// Over several rotations, with two processes of which one
// hears of each late, every token verifies at both for as long as it lives; and a
// key signs only after it was published for the lead.
func TestRotationNeverFailsAVerification(t *testing.T) {
	proof.Of(t, "ATK-101")
	r := newRingTest(t)
	a, b := r.process("ES256"), r.process("ES256")
	type live struct {
		token string
		until time.Time
	}
	var tokens []live
	published := map[string]time.Time{}
	const step = 2 * time.Minute // less than keySetDeath, more than keySetLife
	for i := range 4 * 24 * 30 {
		for _, k := range a.current.Load().keys {
			if _, seen := published[k.ID]; !seen {
				published[k.ID] = r.now()
			}
		}
		token := r.sign(b)
		if kid := signedWith(t, token); i > 0 && r.now().Sub(published[kid]) < publishLead-step && len(published) > 1 {
			t.Fatalf("key signs %v after it was published", r.now().Sub(published[kid]))
		}
		tokens = append(tokens, live{token, r.now().Add(time.Hour)})
		for len(tokens) > 0 && !r.now().Before(tokens[0].until) {
			tokens = tokens[1:]
		}
		for _, ring := range []*keyRing{a, b} {
			if err := errors.Join(r.verify(ring, tokens[0].token), r.verify(ring, token)); err != nil {
				t.Fatalf("after %v: %v", time.Duration(i)*step, err)
			}
		}
		if err := a.maintain(context.Background()); err != nil { // b never maintains: it only reads
			t.Fatal(err)
		}
		r.pass(step)
	}
	if len(published) < 3 {
		t.Errorf("%d keys in four days with a lifetime of one", len(published))
	}
	public, err := a.published(context.Background())
	if err != nil || len(public) > 2 {
		t.Errorf("%d keys are still published, %v", len(public), err)
	}
}

func signedWith(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	var h struct{ Kid string }
	b, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil || json.Unmarshal(b, &h) != nil {
		t.Fatal("no header")
	}
	return h.Kid
}

func TestRotateKeysOnce(t *testing.T) {
	r := newRingTest(t)
	ring := r.process("ES256")
	s := &Server{cfg: Config{Now: r.now}, store: r.store, keys: ring}
	before := signedWith(t, r.sign(ring))
	for range 3 { // impatience does not pile up keys
		if err := s.RotateKeys(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if public, _ := ring.published(context.Background()); len(public) != 2 {
		t.Fatalf("%d keys published", len(public))
	}
	if signedWith(t, r.sign(ring)) != before {
		t.Error("the new key signs before verifiers have seen it")
	}
	r.pass(publishLead)
	old := r.sign(ring)
	if signedWith(t, old) == before {
		t.Error("the new key does not sign after the lead")
	}
	r.pass(ringLifetimes.AccessToken + keySetDeath + retireSlack)
	if public, _ := ring.published(context.Background()); len(public) != 1 {
		t.Errorf("the old key is still published")
	}
}

// A row that was changed is refused: the private part decides.
func TestChangedKeyRowsAreRefused(t *testing.T) {
	r := newRingTest(t)
	r.process("ES256", "EdDSA")
	keys, err := r.store.Keys(context.Background())
	if err != nil || len(keys) != 2 {
		t.Fatal(err)
	}
	changed := func(change func(a, b *store.Key)) error {
		st := memory.New()
		a, b := keys[0], keys[1]
		change(&a, &b)
		if err := errors.Join(st.CreateKey(context.Background(), a), st.CreateKey(context.Background(), b)); err != nil {
			t.Fatal(err)
		}
		_, err := newKeyRing(context.Background(), st, r.kek, r.now, ringLifetimes, nil)
		return err
	}
	if err := changed(func(_, _ *store.Key) {}); err != nil {
		t.Fatalf("control: %v", err)
	}
	if changed(func(a, b *store.Key) { a.Sealed, b.Sealed = b.Sealed, a.Sealed }) == nil {
		t.Error("swapped private parts were taken")
	}
	if changed(func(a, _ *store.Key) { a.ID = "another" }) == nil {
		t.Error("another id was taken")
	}
	if changed(func(a, _ *store.Key) { // sealed for the row by who has the key-encryption key
		private, err := r.kek.Open(a.Sealed, keyIdentity(a.ID, a.Algorithm))
		if err != nil {
			t.Fatal(err)
		}
		a.ID = "another"
		a.Sealed = r.kek.Seal(private, keyIdentity(a.ID, a.Algorithm))
	}) == nil {
		t.Error("an id that is not the thumbprint was taken")
	}
	if changed(func(a, _ *store.Key) { a.Algorithm = "RS256" }) == nil {
		t.Error("another algorithm was taken")
	}
}

// brokenKeys cannot be read.
type brokenKeys struct{ store.Store }

func (brokenKeys) Keys(context.Context) ([]store.Key, error) { return nil, store.ErrUnavailable }

// A process that lost its store signs on for a while, and stops before others
// count on it having heard of a rotation.
func TestAStaleKeySetStopsSigning(t *testing.T) {
	r := newRingTest(t)
	ring := r.process("ES256")
	ring.store = brokenKeys{r.store}
	r.pass(keySetDeath)
	r.sign(ring)
	if _, err := ring.published(context.Background()); err != nil {
		t.Errorf("published keys: %v", err)
	}
	r.pass(time.Microsecond)
	if _, err := ring.sign(context.Background(), "ES256", "at+jwt", map[string]any{}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("signing: %v", err)
	}
}
