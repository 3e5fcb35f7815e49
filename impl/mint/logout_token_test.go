package mint

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/charterauth/charter/impl/internal/proof"
)

// A logout token has the claims of Back-Channel Logout §2.4 and no other, above all
// no nonce.
func TestLogoutToken(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.4-1", "OIDC-BCLO-2.4-2", "OIDC-BCLO-2.4-3", "OIDC-BCLO-2.4-4", "OIDC-BCLO-2.4-5", "OIDC-BCLO-2.4-6",
		"OIDC-BCLO-2.4-7", "OIDC-BCLO-2.4-8", "OIDC-BCLO-2.4-9", "OIDC-BCLO-2.4-12", "ATK-146")
	at := time.Unix(1790000000, 0)
	var ids []any
	for _, row := range []struct{ sub, sid string }{{"alice", "s1"}, {"alice", ""}, {"", "s1"}, {"alice", "s1"}} {
		var told map[string]any
		_, err := LogoutToken{
			Issuer: "https://as.example", ClientID: "c", Subject: row.sub, SessionID: row.sid, IssuedAt: at, ExpiresAt: at.Add(2 * time.Minute),
			Sign: func(_ context.Context, typ string, claims any) (string, error) {
				if typ != "logout+jwt" {
					t.Errorf("typ %q", typ)
				}
				b, err := json.Marshal(claims)
				if err == nil {
					err = json.Unmarshal(b, &told)
				}
				return "", err
			},
		}.Mint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"iss": "https://as.example", "aud": "c", "iat": 1790000000.0, "exp": 1790000120.0, "jti": told["jti"],
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
		}
		if row.sub != "" {
			want["sub"] = row.sub
		}
		if row.sid != "" {
			want["sid"] = row.sid
		}
		if d := cmp.Diff(want, told); d != "" {
			t.Error(d)
		}
		if id, _ := told["jti"].(string); len(id) != 22 {
			t.Errorf("jti %v", told["jti"])
		}
		for _, other := range ids {
			if other == told["jti"] {
				t.Error("two tokens have one jti")
			}
		}
		ids = append(ids, told["jti"])
	}
}

// A token that §2.4 does not allow is not made.
func TestLogoutTokenDefects(t *testing.T) {
	at := time.Unix(1790000000, 0)
	good := LogoutToken{Issuer: "i", ClientID: "c", Subject: "s", IssuedAt: at, ExpiresAt: at.Add(time.Minute),
		Sign: func(context.Context, string, any) (string, error) { return "signed", nil }}
	if _, err := good.Mint(t.Context()); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*LogoutToken){
		"no issuer":         func(l *LogoutToken) { l.Issuer = "" },
		"no client":         func(l *LogoutToken) { l.ClientID = "" },
		"nobody":            func(l *LogoutToken) { l.Subject = "" },
		"expired when made": func(l *LogoutToken) { l.ExpiresAt = at },
	} {
		bad := good
		change(&bad)
		if token, err := bad.Mint(t.Context()); err == nil || token != "" {
			t.Errorf("%s: %q", what, token)
		}
	}
}
