package protect_test

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/protect"
)

// TestExternal: each token goes to one verifier, and what that refuses no other
// is asked about.
func TestExternal(t *testing.T) {
	k := key(t)
	jwt := func(iss any) string { return sign(t, k, "at+jwt", claims(map[string]any{"iss": iss})) }
	payload := `{"iss":"` + issuer + `"}`
	whole := base64.RawURLEncoding.EncodeToString([]byte(payload + strings.Repeat(" ", 3-len(payload)%3)))
	for _, c := range []struct {
		id, token string
		ours      bool
	}{
		{"opaque access token", "chat_x", true},
		{"refresh token", "chrt_x", true},
		{"client secret", "chcs_x", true},
		{"JWT of ours", jwt(issuer), true},
		{"JWT of another", jwt("https://evil.example.com"), false},
		{"JWT of nobody", jwt(nil), false},
		{"JWT with a longer issuer", jwt(issuer + "/"), false},
		{"JWT with issuer in another case", "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"ISS":"`+issuer+`"}`)) + ".AA", false},
		{"opaque of another", "ghp_x", false},
		{"another first half", "abat_x", false},
		{"no letter for the kind", "ch1t_x", false},
		{"no letter behind it", "cha1_x", false},
		{"what follows z", "cha{_x", false},
		{"no underscore", "chat-x", false},
		{"JWT of ours, cut", jwt(issuer)[:strings.LastIndexByte(jwt(issuer), '.')], false},
		{"JWT of ours, with junk", strings.Replace(jwt(issuer), ".", ".!", 1), false},
		{"JWT of ours, with junk behind what is whole", "e30." + whole + "!.AA", false},
		{"the control of that", "e30." + whole + ".AA", true},
		{"JWT of ours, longer than any", jwt(issuer) + strings.Repeat("A", jose.MaxToken), false},
		{"null", "e30.bnVsbA.AA", false},
		{"similar prefix", "chAT_x", false},
		{"prefix alone", "chat_", false},
		{"three dots of garbage", "a.b.c", false},
	} {
		var asked []string
		verifier := func(name string) protect.VerifierFunc {
			return func(context.Context, string) (protect.Identity, error) {
				asked = append(asked, name)
				return protect.Identity{}, oauth.InvalidToken(name, "no")
			}
		}
		want := []string{"external"}
		if c.ours {
			want = []string{"own"}
		}
		v := protect.External(verifier("own"), protect.TokensOf(issuer), verifier("external"))
		if _, err := v.Verify(t.Context(), c.token); err == nil || !slices.Equal(asked, want) {
			t.Errorf("%s: asked %v, %v", c.id, asked, err)
		}
	}
}

// TestExternalThroughGuard: a function's tokens are judged like all others.
func TestExternalThroughGuard(t *testing.T) {
	external := func(_ context.Context, token string) (protect.Identity, error) {
		switch token {
		case "partner":
			return good(), nil
		case "aimless":
			return with(func(i *protect.Identity) { i.Audience = nil }), nil
		case "stale":
			return with(func(i *protect.Identity) { i.ExpiresAt = start }), nil
		case "broken":
			return good(), errors.New("out of order")
		}
		return protect.Identity{}, oauth.InvalidToken("unknown", "no")
	}
	v := protect.External(known{"chat_good": good()}, protect.TokensOf(issuer), external)
	h := guard(t, config(v)).Handler(hello)
	for token, status := range map[string]int{
		"chat_good": 200, "partner": 200, "chat_bad": 401, "stranger": 401, "aimless": 401, "stale": 401, "broken": 503,
	} {
		if res := call(h, "Bearer "+token); res.StatusCode != status {
			t.Errorf("%s: status %d, want %d", token, res.StatusCode, status)
		}
	}
}
