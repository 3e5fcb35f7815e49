package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

var (
	tokenA = "chat_" + strings.Repeat("A", 49)
	tokenB = "chat_" + strings.Repeat("B", 49)
	rowA   = Identity("grant-a", "digest-a")
	rowB   = Identity("grant-b", "digest-b")
	text   = []byte(`{"secret":"canary"}`)
)

// TestHKDF is RFC 5869 Appendix A.3, without salt as here: the library is the
// function that the standard means.
func TestHKDF(t *testing.T) {
	ikm := bytes.Repeat([]byte{0x0b}, 22)
	okm, err := hkdf.Key(sha256.New, ikm, nil, "", 42)
	want := "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
	if err != nil || hex.EncodeToString(okm) != want {
		t.Errorf("got %x, %v", okm, err)
	}
}

func TestRoundTrips(t *testing.T) {
	for _, plain := range [][]byte{nil, {}, text, bytes.Repeat([]byte{0xff}, 1<<16)} {
		sealed, key := SealProps(plain, rowA)
		wrapped, err := WrapKey(key, tokenA, rowB)
		if err != nil {
			t.Fatal(err)
		}
		unwrapped, err := UnwrapKey(wrapped, tokenA, rowB)
		if err != nil || unwrapped != key {
			t.Fatalf("UnwrapKey: %v", err)
		}
		if got, err := OpenProps(sealed, unwrapped, rowA); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("OpenProps of %d bytes: %v", len(plain), err)
		}
		reply, err := SealReply(tokenA, rowA, plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := OpenReply(tokenA, rowA, reply); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("OpenReply of %d bytes: %v", len(plain), err)
		}
		k := mustKEK(t)
		if got, err := k.Open(k.Seal(plain, rowA), rowA); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("KEK.Open of %d bytes: %v", len(plain), err)
		}
	}
}

// TestFreshness is MAD-16: the same text under the same identity never gives the
// same key, nonce or ciphertext.
func TestFreshness(t *testing.T) {
	proof.Of(t, "MAD-16")
	seen := map[string]bool{}
	k := mustKEK(t)
	for range 500 {
		sealed, key := SealProps(text, rowA)
		wrapped, _ := WrapKey(key, tokenA, rowA)
		reply, _ := SealReply(tokenA, rowA, text)
		for _, s := range []string{string(key.bytes[:]), string(sealed[1:13]), string(wrapped[1:13]), string(reply[1:13]), string(k.Seal(text, rowA)[9:21])} {
			if seen[s] {
				t.Fatal("a key or nonce twice")
			}
			seen[s] = true
		}
		if bytes.Contains(sealed, []byte("canary")) || bytes.Contains(reply, []byte("canary")) {
			t.Fatal("the text is readable")
		}
	}
}

// A sealed text with what opens it, for the tests that change one thing.
type sealedCase struct {
	name   string
	sealed []byte
	open   func(sealed []byte) error
}

func cases(t *testing.T) []sealedCase {
	t.Helper()
	props, key := SealProps(text, rowA)
	wrapped, err1 := WrapKey(key, tokenA, rowA)
	reply, err2 := SealReply(tokenA, rowA, text)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	k := mustKEK(t)
	return []sealedCase{
		{"props", props, func(s []byte) error { _, err := OpenProps(s, key, rowA); return err }},
		{"wrapped key", wrapped, func(s []byte) error { _, err := UnwrapKey(s, tokenA, rowA); return err }},
		{"reply", reply, func(s []byte) error { _, err := OpenReply(tokenA, rowA, s); return err }},
		{"key at rest", k.Seal(text, rowA), func(s []byte) error { _, err := k.Open(s, rowA); return err }},
	}
}

// TestMutations is ATK-109 and MAD-17: every bit, every cut, every extension.
func TestMutations(t *testing.T) {
	proof.Of(t, "ATK-109", "MAD-17")
	for _, c := range cases(t) {
		if err := c.open(c.sealed); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		refuse := func(what string, i int, s []byte) {
			err := c.open(s)
			if !errors.Is(err, ErrOpen) {
				t.Errorf("%s: %s at %d: %v", c.name, what, i, err)
			}
			// A changed key name is another key's name; everything else is one error.
			named := c.name == "key at rest" && i < kekNameLen && len(s) >= kekNameLen
			if !named && err != ErrOpen {
				t.Errorf("%s: %s at %d can be told apart: %v", c.name, what, i, err)
			}
		}
		for i := range c.sealed {
			for bit := range 8 {
				s := bytes.Clone(c.sealed)
				s[i] ^= 1 << bit
				refuse("flip", i, s)
			}
			refuse("cut", i, c.sealed[:i])
		}
		refuse("extension", len(c.sealed), append(bytes.Clone(c.sealed), 0))
		refuse("nothing", 0, nil)
	}
}

// TestForeign swaps one thing for another's; the first row changes nothing.
func TestForeign(t *testing.T) {
	propsA, keyA := SealProps(text, rowA)
	propsB, keyB := SealProps(text, rowB)
	wrapA, _ := WrapKey(keyA, tokenA, rowA)
	wrapB, _ := WrapKey(keyB, tokenB, rowB)
	reply, _ := SealReply(tokenA, rowA, text)
	unwrap := func(w []byte, token string, aad []byte) error { _, err := UnwrapKey(w, token, aad); return err }
	props := func(s []byte, k PropsKey, aad []byte) error { _, err := OpenProps(s, k, aad); return err }
	answer := func(token string, aad, s []byte) error { _, err := OpenReply(token, aad, s); return err }
	for _, c := range []struct {
		name string
		err  error
		good bool
	}{
		{"nothing changed", errors.Join(unwrap(wrapA, tokenA, rowA), props(propsA, keyA, rowA), answer(tokenA, rowA, reply)), true},
		{"props of another row", props(propsB, keyA, rowA), false},
		{"props moved to another row", props(propsA, keyA, rowB), false},
		{"props under another key", props(propsA, keyB, rowA), false},
		{"props without identity", props(propsA, keyA, nil), false},
		{"props under the zero key", props(propsA, PropsKey{}, rowA), false},
		{"wrapped key of another row", unwrap(wrapB, tokenA, rowA), false},
		{"wrapped key moved to another row", unwrap(wrapA, tokenA, rowB), false},
		{"wrapped key, another token", unwrap(wrapA, tokenB, rowA), false},
		{"wrapped key, no token", unwrap(wrapA, "", rowA), false},
		{"reply, another token", answer(tokenB, rowA, reply), false},
		{"reply, another row", answer(tokenA, rowB, reply), false},
		{"reply as wrapped key", unwrap(reply, tokenA, rowA), false},
		{"wrapped key as reply", answer(tokenA, rowA, wrapA), false},
		{"props as reply", answer(tokenA, rowA, propsA), false},
	} {
		if c.good != (c.err == nil) || !c.good && c.err != ErrOpen {
			t.Errorf("%s: %v", c.name, c.err)
		}
	}
}

// TestWrapIsBoundToItsUse seals 32 bytes as a reply, so that only the label and
// not the length keeps it from being unwrapped as a key.
func TestWrapIsBoundToItsUse(t *testing.T) {
	reply, _ := SealReply(tokenA, rowA, make([]byte, 32))
	if _, err := UnwrapKey(reply, tokenA, rowA); err != ErrOpen {
		t.Errorf("a reply unwraps as a key: %v", err)
	}
	short, _ := sealUnderToken(tokenA, labelWrap, make([]byte, 31), rowA)
	if _, err := UnwrapKey(short, tokenA, rowA); err != ErrOpen {
		t.Errorf("31 bytes unwrap as a key: %v", err)
	}
}

// TestLabels is FACT-23: every use has keys of its own, and none is what a
// store's digest of the same token could be.
func TestLabels(t *testing.T) {
	seen := map[string]string{}
	sum := sha256.Sum256([]byte(tokenA))
	seen[string(sum[:])] = "bare digest"
	for _, l := range []string{labelWrap, labelReply, labelKEK, labelKEKName} {
		key, err := underToken(tokenA, l)
		if err != nil || len(key) != 32 {
			t.Fatal(err)
		}
		if other, twice := seen[string(key)]; twice {
			t.Errorf("%q and %q derive one key", l, other)
		}
		seen[string(key)] = l
	}
}

func TestWeakToken(t *testing.T) {
	_, key := SealProps(text, rowA)
	for _, token := range []string{"", "short", strings.Repeat("x", 31)} {
		if _, err := WrapKey(key, token, rowA); err != ErrWeakToken {
			t.Errorf("WrapKey under %d bytes: %v", len(token), err)
		}
		if _, err := SealReply(token, rowA, text); err != ErrWeakToken {
			t.Errorf("SealReply under %d bytes: %v", len(token), err)
		}
	}
	if _, err := WrapKey(key, strings.Repeat("x", 32), rowA); err != nil {
		t.Errorf("32 bytes: %v", err)
	}
}

func TestIdentity(t *testing.T) {
	all := [][]string{{}, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"b", "a"}, {"ab", ""}, {"", "ab"}, {"a", "b", ""}}
	seen := map[string][]string{}
	for _, parts := range all {
		id := string(Identity(parts...))
		if other, twice := seen[id]; twice {
			t.Errorf("%q and %q have one identity", parts, other)
		}
		seen[id] = parts
	}
}

// TestPrinting is DEX-6189b208: no verb shows key bytes.
func TestPrinting(t *testing.T) {
	proof.Of(t, "DEX-6189b208")
	_, key := SealProps(text, rowA)
	k := mustKEK(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		if got := fmt.Sprintf(verb, key); got != "[redacted]" {
			t.Errorf("PropsKey with %s: %s", verb, got)
		}
		if got := fmt.Sprintf(verb, k); got != "[redacted]" {
			t.Errorf("KEK with %s: %s", verb, got)
		}
	}
	if key.LogValue().String() != "[redacted]" || k.LogValue().String() != "[redacted]" {
		t.Error("a key reaches the log")
	}
}

func BenchmarkUnwrapKey(b *testing.B) {
	_, key := SealProps(text, rowA)
	wrapped, _ := WrapKey(key, tokenA, rowA)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := UnwrapKey(wrapped, tokenA, rowA); err != nil {
			b.Fatal(err)
		}
	}
}
