package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/server"
)

// Props come back exactly as they were given, of any size and depth that is
// allowed; what is not is refused, and the request waits on.
func TestPropsOfEverySize(t *testing.T) {
	proof.Of(t, "ATK-106", "REL-I6")
	f := newFixture(t)
	c := f.Public()
	const most = 64 << 10
	for _, row := range []struct {
		name, props string
		ok          bool
	}{
		{"a number", `0`, true},
		{"null", `null`, true},
		{"an empty object", `{}`, true},
		{"white space", " {\n\t} ", true},
		{"a member twice", `{"a":1,"a":2}`, true}, // the application's own affair
		{"escapes", `{"a":"\u0000\ud83d\ude00\u2028"}`, true},
		{"depth 1000", strings.Repeat("[", 1000) + strings.Repeat("]", 1000), true},
		{"64 KiB", `"` + strings.Repeat("x", most-2) + `"`, true},
		{"64 KiB and a byte", `"` + strings.Repeat("x", most-1) + `"`, false},
		{"1 MiB", `"` + strings.Repeat("x", 1<<20) + `"`, false},
		{"nothing", ``, false},
		{"binary", "\x00\x01\xff", false},
		{"no JSON", `{"a":`, false},
		{"two documents", `{}{}`, false},
		{"depth 30 000", strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000), false},
	} {
		p := f.Pending(c.Request(nil))
		d := server.Decision{Subject: "alice", AuthTime: f.Clock.Now(), Props: json.RawMessage(row.props)}
		_, err := f.Complete(t.Context(), p, d)
		if (err == nil) != row.ok {
			t.Errorf("%s: %v", row.name, err)
		}
		if !row.ok {
			f.Allow(p, "") // it waits on
			continue
		}
		code := f.Allow(f.Pending(c.Request(nil)), row.props).Get("code")
		for tokens, round := f.Token(c, c.Exchange(code, nil)), 0; round < 2; tokens, round = f.Token(c, c.Refresh(tokens.Refresh, nil)), round+1 {
			got, err := f.VerifyAccessToken(t.Context(), tokens.Access)
			if err != nil || string(got.Props) != row.props {
				t.Errorf("%s, round %d: %.100q, %v", row.name, round, got.Props, err)
			}
		}
	}
}
