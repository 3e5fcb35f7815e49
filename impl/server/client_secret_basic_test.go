package server

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

func basicHeader(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

func TestBasicCredentials(t *testing.T) {
	proof.Of(t, "OAUTH21-2.4.1-3")
	proof.Of(t, "MAD-8", "MAD-9", "MAD-10")
	raw := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		name       string
		header     string
		id, secret string // "" is refused
	}{
		{"OAUTH21-2.4.1-3 MAD-8 encoded", basicHeader("a:b c+d%é", "p:%w+ü &="), "a:b c+d%é", "p:%w+ü &="},
		{"MAD-8 decoded once", raw("id:%2525"), "id", "%25"},
		{"MAD-8 raw percent", raw("a:b c+d%é:x"), "", ""},
		{"MAD-9 secret with raw colons", raw("id:a:b:c"), "id", "a:b:c"},
		{"MAD-9 first part only", raw("id:a"), "id", "a"},
		{"MAD-10 plain", raw("id:secret"), "id", "secret"},
		{"MAD-10 lower-case scheme", "basic " + raw("id:secret")[6:], "id", "secret"},
		{"MAD-10 no colon", raw("idsecret"), "", ""},
		{"MAD-10 empty", "Basic ", "", ""},
		{"MAD-10 no space", "Basic", "", ""},
		{"MAD-10 colon alone", raw(":"), "", ""},
		{"MAD-10 no id", raw(":secret"), "", ""},
		{"MAD-10 no secret", raw("id:"), "", ""},
		{"MAD-10 bad escape", raw("id:%ZZ"), "", ""},
		{"MAD-10 cut escape", raw("id:%4"), "", ""},
		{"MAD-10 bad UTF-8", raw("id:\xff"), "", ""},
		{"MAD-10 escaped bad UTF-8", raw("id:%FF"), "", ""},
		{"MAD-10 NUL", raw("id:a%00b"), "", ""},
		{"MAD-10 raw NUL", raw("id:a\x00b"), "", ""},
		{"MAD-10 escaped line break", raw("id:a%0Ab"), "", ""},
		{"MAD-10 bad base64", "Basic a?b=", "", ""},
		{"MAD-10 base64url", strings.NewReplacer("+", "-", "/", "_").Replace(raw("id:>>>???ÿÿÿ")), "", ""},
		{"MAD-10 missing padding", strings.TrimRight(raw("id:secret1"), "="), "", ""},
		{"MAD-10 stray bits", "Basic aWQ6c2VjcmV0Mf==", "", ""},
		{"MAD-10 64 KiB", raw("id:" + strings.Repeat("x", 64<<10)), "", ""},
		{"MAD-10 tab", "Basic\t" + raw("id:secret")[6:], "", ""},
		{"MAD-10 double space", "Basic  " + raw("id:secret")[6:], "", ""},
		{"MAD-10 line break in base64", "Basic aWQ6\r\nc2VjcmV0", "", ""},
		{"MAD-10 Bearer", "Bearer " + raw("id:secret")[6:], "", ""},
	} {
		got, ok := parseBasic([]string{c.header})
		if ok != (c.id != "") || ok && (got.id != c.id || got.secret != c.secret) {
			t.Errorf("%s: %q, %q, %v", c.name, got.id, got.secret, ok)
		}
	}
	good := basicHeader("id", "secret")
	if _, ok := parseBasic([]string{good, good}); ok {
		t.Error("MAD-10: two headers were taken")
	}
}

// What is taken encodes back to itself, whatever the spelling was.
func FuzzBasicCredentials(f *testing.F) {
	proof.Of(f, "FUZZ-4")
	f.Add(basicHeader("a:b c+d%é", "p:%w+ü &="))
	f.Add("Basic Og==")
	f.Fuzz(func(t *testing.T, header string) {
		c, ok := parseBasic([]string{header})
		if !ok {
			return
		}
		again, ok := parseBasic([]string{basicHeader(c.id, c.secret)})
		if !ok && len(basicHeader(c.id, c.secret)) <= maxBasic || ok && again != c {
			t.Fatalf("%q: %q then %q", header, c, again)
		}
	})
}
