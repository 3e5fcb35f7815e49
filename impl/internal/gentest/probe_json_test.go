package gentest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/gentest/probe"
	"github.com/charterauth/charter/impl/internal/proof"
)

func TestJSON(t *testing.T) {
	proof.Of(t, "ATK-159")
	const uris = `"redirect_uris":["https://a/"]`
	const metadata, redirect = "invalid_client_metadata", "invalid_redirect_uri"
	for _, row := range []struct {
		id, name, body, code, param string
	}{
		{"", "a registration", `{` + uris + `,"client_name":"n"}`, "", ""},
		{"", "white space", " {\n" + uris + "\t}\r\n", "", ""},
		{"", "unknown members", `{` + uris + `,"x":{"y":[1,-0.5e+3,null,true]}}`, "", ""},
		{"", "null and empty are absent", `{` + uris + `,"client_name":null,"application_type":"","jwks":null}`, "", ""},
		{"", "a nested object", `{` + uris + `,"jwks":{"keys":[{"kty":"EC","x":"y"},{"kty":"RSA"}]}}`, "", ""},
		{"GEN-29", "an empty object", `{}`, metadata, "redirect_uris"},
		{"GEN-29", "null", `null`, metadata, ""},
		{"GEN-29", "an array", `[]`, metadata, ""},
		{"GEN-29", "a string", `"a"`, metadata, ""},
		{"GEN-29", "a number", `1`, metadata, ""},
		{"GEN-29", "nothing", ``, metadata, ""},
		{"GEN-29", "a required member that is null", `{"redirect_uris":null}`, metadata, "redirect_uris"},
		{"GEN-30", "no URI", `{"redirect_uris":["nope"]}`, redirect, "redirect_uris"},
		{"GEN-30", "a string", `{"redirect_uris":"https://a/"}`, redirect, "redirect_uris"},
		{"GEN-30", "an object", `{"redirect_uris":{}}`, redirect, "redirect_uris"},
		{"GEN-30", "a number in it", `{"redirect_uris":["https://a/",1]}`, redirect, "redirect_uris"},
		{"GEN-30", "null in it", `{"redirect_uris":["https://a/",null]}`, redirect, "redirect_uris"},
		{"GEN-30", "empty text in it", `{"redirect_uris":[""]}`, redirect, "redirect_uris"},
		{"GEN-30", "too few", `{"redirect_uris":[]}`, redirect, "redirect_uris"},
		{"GEN-30", "three", `{"redirect_uris":["a:1","a:2","a:3"]}`, "", ""},
		{"GEN-30", "four", `{"redirect_uris":["a:1","a:2","a:3","a:4"]}`, redirect, "redirect_uris"},
		{"GEN-31", "trailing data", `{` + uris + `} x`, metadata, ""},
		{"GEN-31", "two documents", `{` + uris + `}{}`, metadata, ""},
		{"GEN-31", "a NUL after it", `{` + uris + "}\x00", metadata, ""},
		{"GEN-32", "twice", `{` + uris + `,` + uris + `}`, metadata, ""},
		{"GEN-32", "twice, escaped", `{` + uris + `,"redirect\u005furis":["https://b/"]}`, metadata, ""},
		{"GEN-32", "an unknown one twice", `{` + uris + `,"x":1,"x":1}`, metadata, ""},
		{"GEN-32", "twice deep inside", `{` + uris + `,"x":[{"y":{"z":1,"z":2}}]}`, metadata, ""},
		{"GEN-32", "the same name in two objects", `{` + uris + `,"x":[{"y":1},{"y":1}]}`, "", ""},
		{"GEN-32", "another case", `{` + uris + `,"Redirect_URIs":["https://b/"]}`, metadata, "redirect_uris"},
		{"GEN-32", "only in another case", `{"Redirect_URIs":["https://b/"]}`, metadata, "redirect_uris"},
		{"GEN-32", "U+212A for k", `{` + uris + `,"jw` + "\u212a" + `s":{}}`, metadata, "jwks"},
		{"GEN-32", "U+017F for s", `{` + uris + `,"jwk` + "\u017f" + `":{}}`, metadata, "jwks"},
		{"GEN-32", "U+212A escaped", `{` + uris + `,"jw\u212as":{}}`, metadata, "jwks"},
		{"GEN-33", "no object", `{` + uris + `,"jwks":[]}`, metadata, "jwks"},
		{"GEN-33", "keys missing", `{` + uris + `,"jwks":{}}`, metadata, "jwks.keys"},
		{"GEN-33", "keys no array", `{` + uris + `,"jwks":{"keys":{}}}`, metadata, "jwks.keys"},
		{"GEN-33", "a key without kty", `{` + uris + `,"jwks":{"keys":[{"kid":"k"}]}}`, metadata, "jwks.keys.kty"},
		{"GEN-33", "a key that is no object", `{` + uris + `,"jwks":{"keys":["k"]}}`, metadata, "jwks.keys"},
		{"GEN-33", "another case inside", `{` + uris + `,"jwks":{"Keys":[]}}`, metadata, "jwks.keys"},
		{"GEN-33", "too many keys", `{` + uris + `,"jwks":{"keys":[{"kty":"a"},{"kty":"a"},{"kty":"a"},{"kty":"a"}]}}`, metadata, "jwks.keys"},
		{"ATK-159", "depth 16", `{` + uris + `,"x":` + strings.Repeat("[", 15) + strings.Repeat("]", 15) + `}`, "", ""},
		{"ATK-159", "depth 17", `{` + uris + `,"x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`, metadata, ""},
		{"ATK-159", "depth 10 000", strings.Repeat(`[`, 10000), metadata, ""},
		{"ATK-159", "NaN", `{` + uris + `,"default_max_age":NaN}`, metadata, ""},
		{"ATK-159", "1e400", `{` + uris + `,"default_max_age":1e400}`, metadata, "default_max_age"},
		{"ATK-159", "a byte order mark", "\ufeff{" + uris + `}`, metadata, ""},
		{"ATK-159", "UTF-16", "{\x00" + uris + `}`, metadata, ""},
		{"ATK-159", "NUL in a text", `{` + uris + `,"x":"\u0000"}`, metadata, ""},
		{"ATK-159", "a lone surrogate", `{` + uris + `,"x":"\ud800"}`, metadata, ""},
		{"ATK-159", "a surrogate pair", `{` + uris + `,"x":"\ud83d\ude00"}`, "", ""},
		{"ATK-159", "not UTF-8", `{` + uris + `,"x":"` + "\xff" + `"}`, metadata, ""},
		{"ATK-159", "a raw newline in a text", `{` + uris + `,"x":"` + "\n" + `"}`, metadata, ""},
		{"ATK-159", "a comma at the end", `{` + uris + `,}`, metadata, ""},
		{"ATK-159", "single quotes", `{'redirect_uris':["https://a/"]}`, metadata, ""},
		{"ATK-159", "a leading zero", `{` + uris + `,"x":01}`, metadata, ""},
		{"", "an integer", `{` + uris + `,"default_max_age":1000}`, "", ""},
		{"", "too large", `{` + uris + `,"default_max_age":1001}`, metadata, "default_max_age"},
		{"", "negative", `{` + uris + `,"default_max_age":-1}`, metadata, "default_max_age"},
		{"", "a fraction", `{` + uris + `,"default_max_age":1.0}`, metadata, "default_max_age"},
		{"", "text for an integer", `{` + uris + `,"default_max_age":"1"}`, metadata, "default_max_age"},
		{"", "a boolean", `{` + uris + `,"require_auth_time":true}`, "", ""},
		{"", "text for a boolean", `{` + uris + `,"require_auth_time":"true"}`, metadata, "require_auth_time"},
		{"", "an enum", `{` + uris + `,"application_type":"native"}`, "", ""},
		{"", "no value of the enum", `{` + uris + `,"application_type":"Native"}`, metadata, "application_type"},
		{"", "a limit counts characters", `{` + uris + `,"client_name":"` + strings.Repeat("é", 20) + `"}`, "", ""},
		{"", "one character more", `{` + uris + `,"client_name":"` + strings.Repeat("é", 21) + `"}`, metadata, "client_name"},
	} {
		t.Run(row.id+" "+row.name, func(t *testing.T) {
			f := &probeFake{}
			w := send(t, f.handler(), request{line: "POST /register", header: jsonType, body: row.body})
			_, p := probe.DecodeClientMetadata([]byte(row.body))
			var value any
			if row.id == "GEN-30" && json.Unmarshal([]byte(row.body), &value) == nil { // GEN-50
				v := verdict{accepted: p == nil}
				if p != nil {
					v.param, v.reason = p.Param, p.Reason
				}
				compare(t, probeSchema(t, "ClientMetadata"), withoutEmpty(value), v, row.body)
			}
			if row.code == "" {
				if w.Code != 201 || p != nil {
					t.Errorf("got %d %s, %v", w.Code, w.Body, p)
				}
				return
			}
			if w.Code != 400 || f.got != nil || p == nil || p.Code != row.code || p.Param != row.param {
				t.Errorf("got %d %s, %+v", w.Code, w.Body, p)
			}
		})
	}
}

// The whole document reaches the implementation, and what the schema does not
// know with it.
func TestJSONUnknownMembersReachTheHandler(t *testing.T) {
	f := &probeFake{}
	const body = ` {"redirect_uris":["https:\/\/a\/\u00e9"],"client_name#de":"Büro","jwks":{"keys":[{"kty":"EC","d":"x"}]}}`
	send(t, f.handler(), request{line: "POST /register", header: jsonType, body: strings.Replace(body, "\\u00e9", "b", 1)})
	in, ok := f.got.(*probe.RegisterInput)
	if !ok || string(in.Raw) != strings.Replace(body, "\\u00e9", "b", 1) || !slices.Equal(in.Body.RedirectURIs, []string{"https://a/b"}) {
		t.Fatalf("got %+v", f.got)
	}
	if string(in.Body.Additional["client_name#de"]) != `"Büro"` || string(in.Body.JWKS.Keys[0].Additional["d"]) != `"x"` || len(in.Body.Additional) != 1 {
		t.Errorf("additional: %v %v", in.Body.Additional, in.Body.JWKS.Keys[0].Additional)
	}
}

// FuzzJSON: what the strict reader takes, encoding/json takes, with the same
// values; and what is written reads back.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"redirect_uris":["https://a/"],"client_name":"\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t"}`, `{"redirect_uris":["a:b"],"x":[1,-0.5e+3,{"y":null}]}`,
		`{"redirect_uris":["a:b"],"jwks":{"keys":[{"kty":"EC"}]},"default_max_age":12,"require_auth_time":true}`, ` { } `, `nul`, "{\"a\":\"\x7f\u2028<&>\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		ours, p := probe.DecodeClientMetadata(document)
		if p != nil {
			return
		}
		var theirs probe.ClientMetadata
		if err := json.Unmarshal(document, &theirs); err != nil {
			t.Fatalf("taken, but encoding/json says %v", err)
		}
		if !slices.Equal(ours.RedirectURIs, theirs.RedirectURIs) || ours.ClientName != theirs.ClientName || ours.ApplicationType != theirs.ApplicationType || ours.RequireAuthTime != theirs.RequireAuthTime {
			t.Fatalf("read %+v, encoding/json %+v", ours, theirs)
		}
		written, err := ours.MarshalJSON()
		if err != nil || !json.Valid(written) || strings.ContainsAny(string(written), "<>&\u2028\u2029") {
			t.Fatalf("written: %s %v", written, err)
		}
		again, p := probe.DecodeClientMetadata(written)
		if p != nil || again.ClientName != ours.ClientName || !slices.Equal(again.RedirectURIs, ours.RedirectURIs) || len(again.Additional) != len(ours.Additional) {
			t.Fatalf("read back: %v %+v, was %+v", p, again, ours)
		}
	})
}
