package stolen

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// constants are what anybody reads in the source.
var constants = []string{
	"charter seal props key under token v1", "charter seal refresh reply under token v1", "charter seal key at rest v1", "charter seal key name v1",
	"charter", "sha256:", servertest.Issuer, strings.Repeat("\x00", 32), strings.Repeat("0", 32),
}

// keysFrom returns the keys of 32 bytes that can be made from a text: its bytes,
// what it encodes, their hash, and what every label derives from them.
func keysFrom(text string) (keys [][]byte) {
	inputs := [][]byte{[]byte(text)}
	if b, err := base64.RawURLEncoding.DecodeString(text); err == nil {
		inputs = append(inputs, b)
	}
	if b, err := hex.DecodeString(text); err == nil {
		inputs = append(inputs, b)
	}
	for _, in := range inputs {
		if len(in) == 32 {
			keys = append(keys, in)
		}
		sum := sha256.Sum256(in)
		keys = append(keys, sum[:])
		for _, label := range constants[:4] {
			if key, err := hkdf.Key(sha256.New, in, nil, label, 32); err == nil {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// A box is a sealed value with the identity that it is bound to, which the thief
// knows from the source.
type box struct {
	what        string
	sealed, aad []byte
}

// boxes returns the sealed values of the dump, as the store reads them.
func (d *dump) boxes(t *testing.T) (all []box) {
	t.Helper()
	add := func(what, value string, skip int, aad []byte) {
		if value == "" {
			return
		}
		b, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil || len(b) < skip+1 {
			t.Fatalf("%s is no sealed value: %q", what, value)
		}
		all = append(all, box{what, b[skip+1:], append([]byte{1}, aad...)})
	}
	for _, r := range d.rows {
		switch x := r.values; r.table {
		case "charter_tokens":
			identity := seal.Identity("token", x["kind"], x["grant_id"], x["digest"])
			add("wrapped key", x["wrapped_key"], 0, identity)
			add("props of a token", x["props"], 0, identity)
			add("kept reply", x["reply"], 0, identity)
		case "charter_grants":
			add("props of a grant", x["props"], 0, seal.Identity("grant", x["id"]))
		case "charter_keys":
			add("signing key", x["sealed"], 8, seal.Identity("key", x["id"], x["algorithm"]))
		}
	}
	return all
}

// nothingOpens: no text of the database and no constant of the source is, or
// leads to, a key of anything that is sealed.
func (v *victim) nothingOpens(t *testing.T, d *dump) {
	sealed, tried := d.boxes(t), 0
	opens := func(key []byte) (what []string) {
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range sealed {
			tried++
			if _, err := aead.Open(nil, nil, b.sealed, b.aad); err == nil {
				what = append(what, b.what)
			}
		}
		return what
	}
	nonces := make(map[string]bool) // MAD-16
	for _, b := range sealed {
		if nonce := string(b.sealed[:12]); nonces[nonce] {
			t.Errorf("the nonce of a %s is not its own", b.what)
		} else {
			nonces[nonce] = true
		}
	}
	for _, text := range append(d.strings(), constants...) {
		for _, key := range keysFrom(text) {
			if what := opens(key); what != nil {
				t.Fatalf("%q opens %v", text, what)
			}
			if kek, err := seal.NewKEK(key); err == nil {
				v.opensNoKey(t, kek)
			}
		}
	}
	// The tokens themselves do open: the attempts are the right ones.
	opened := make(map[string]bool)
	for _, secret := range v.secrets {
		for _, key := range keysFrom(secret) {
			for _, what := range opens(key) {
				opened[what] = true
			}
		}
	}
	if !opened["wrapped key"] || !opened["kept reply"] {
		t.Errorf("with the tokens at hand only %v open: the attempts are wrong", opened)
	}
	t.Logf("%d attempts on %d sealed values", tried, len(sealed))
}

func (v *victim) opensNoKey(t *testing.T, kek *seal.KEK) {
	t.Helper()
	keys, err := v.Store.Keys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if _, err := kek.Open(k.Sealed, seal.Identity("key", k.ID, k.Algorithm)); err == nil {
			t.Fatal("a key of the database opens the signing keys")
		}
	}
}

// held is a token that somebody holds, and its rows.
type held struct {
	value string
	token store.Token
	grant store.Grant
}

// rowsAreBound: what is sealed in one row opens in no other, whoever holds the
// token of either.
func (v *victim) rowsAreBound(t *testing.T) {
	var all []held
	for _, value := range v.secrets {
		for _, kind := range []store.Kind{store.AccessToken, store.RefreshToken, store.AuthorizationCode} {
			token, grant, err := v.Store.Token(context.Background(), store.NewDigest(kind, value))
			if err == nil && token.WrappedKey != nil {
				all = append(all, held{value, token, grant})
			}
		}
	}
	opened, swapped := 0, 0
	for i, a := range all {
		if p, err := mint.PresentedProps(a.value, a.token); err != nil {
			t.Fatal(err)
		} else if plain, err := p.Open(a.grant); err != nil || string(plain) != props {
			t.Fatalf("the holder of a token reads %q, %v", plain, err)
		}
		opened++
		for _, b := range all[i+1:] {
			swapped++
			if err := v.swapOpens(a, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	if opened < 20 {
		t.Errorf("only %d tokens were swapped", opened)
	}
	t.Logf("%d pairs of %d tokens", swapped, opened)
}

// swapOpens puts what is sealed for b into the rows of a.
func (v *victim) swapOpens(a, b held) error {
	row := a.token
	row.WrappedKey = b.token.WrappedKey
	if _, err := mint.PresentedProps(a.value, row); err == nil {
		return fmt.Errorf("a %s opens the wrapped key of a %s", a.token.Kind, b.token.Kind)
	}
	if _, err := mint.PresentedProps(b.value, row); err == nil {
		return fmt.Errorf("the wrapped key of a %s opens in the row of a %s", b.token.Kind, a.token.Kind)
	}
	if a.grant.ID != b.grant.ID {
		grant := a.grant
		grant.Props = b.grant.Props
		if p, err := mint.PresentedProps(a.value, a.token); err != nil {
			return err
		} else if _, err := p.Open(grant); err == nil {
			return fmt.Errorf("the props of one grant open in another's row")
		}
	}
	if b.token.Reply != nil {
		row := a.token
		row.Reply = b.token.Reply
		if _, err := mint.OpenReply(a.value, row); err == nil {
			return fmt.Errorf("a kept reply opens in another row")
		}
	}
	return nil
}

// A door is one way in: it reports whether a text opens it.
type door struct {
	name string
	try  func(v *victim, text string) bool
	key  func(v *victim) string // what does open it
}

var doors = []door{
	{"user info", func(v *victim, s string) bool { return v.Get("/userinfo", nil, servertest.Bearer(s)).StatusCode == 200 }, func(v *victim) string { return v.personal }},
	{"the resource side", func(v *victim, s string) bool {
		_, err := v.VerifyAccessToken(context.Background(), s)
		return err == nil
	}, func(v *victim) string { return v.access }},
	{"introspection", func(v *victim, s string) bool {
		res := v.Post("/introspect", url.Values{"token": {v.access}}, servertest.Basic(v.confidential.ID, s))
		return res.StatusCode == 200
	}, func(v *victim) string { return v.confidential.Secret }},
	{"registration", func(v *victim, s string) bool {
		return v.JSON(http.MethodGet, "/register/"+v.confidential.ID, "", servertest.Bearer(s)).StatusCode == 200
	}, func(v *victim) string { return v.confidential.RegistrationToken }},
	{"refresh", func(v *victim, s string) bool {
		return v.Post("/token", v.confidential.Refresh(s, nil), v.confidential.Auth()).StatusCode == 200
	}, func(v *victim) string { return v.refresh }},
	{"code", func(v *victim, s string) bool {
		return v.Post("/token", v.public.Exchange(s, nil)).StatusCode == 200
	}, func(v *victim) string { return v.code }},
	{"session", func(v *victim, s string) bool {
		return v.Get("/apps", nil, v.browser("session", s)).StatusCode == 200
	}, func(v *victim) string { return v.cookie("session") }},
}

// cookie returns the value of the cookie whose name has the word.
func (v *victim) cookie(word string) string {
	for name, value := range v.cookies {
		if strings.Contains(name, word) {
			return value
		}
	}
	v.t.Fatalf("no cookie of %v is that of the %s", v.cookies, word)
	return ""
}

// browser sends one cookie.
func (v *victim) browser(word, value string) func(*http.Request) {
	return func(r *http.Request) {
		for name := range v.cookies {
			if strings.Contains(name, word) {
				r.Header.Set("Cookie", name+"="+value)
			}
		}
	}
}

// nobodyIsImpersonated: every text of the database is tried at every door.
func (v *victim) nobodyIsImpersonated(t *testing.T, d *dump) {
	texts, tried := d.strings(), 0
	for _, door := range doors {
		for _, text := range texts {
			if strings.ContainsAny(text, "\x00\r\n") {
				continue
			}
			tried++
			if door.try(v, text) {
				t.Errorf("%s lets in whoever says %q", door.name, text)
			}
		}
	}
	for _, door := range doors { // the thief's reuse of what is spent has ended nothing that is tried here
		if !door.try(v, door.key(v)) {
			t.Errorf("%s does not let its owner in: nothing was tried", door.name)
		}
	}
	t.Logf("%d attempts with %d texts", tried, len(texts))
}
