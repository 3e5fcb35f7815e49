package oracle

import (
	"context"
	"database/sql"
	"encoding/base64"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

// an is an answer that is as it must be, with changes of its headers.
func an(status int, body string, header ...string) Answer {
	a := Answer{Status: status, Header: http.Header{"Cache-Control": {"no-store"}}, Body: body}
	for i := 0; i < len(header); i += 2 {
		a.Header.Set(header[i], header[i+1])
	}
	return a
}

// Each refusal is accepted as it must be, and with any one fault it is not.
func TestRefusals(t *testing.T) {
	const uri, carried = "https://app.example.com/cb", "https://app.example.com/cb?error=invalid_scope&iss=x"
	const body = `{"error":"invalid_grant","error_description":"no"}`
	html := []string{"Content-Type", "text/html; charset=utf-8"}
	for _, row := range []struct {
		name  string
		want  Refusal
		good  Answer
		worse map[string]Answer // by what the oracle says
	}{
		{"JSON", JSON(400, "invalid_grant"), an(400, body), map[string]Answer{
			"status 401":       an(401, body),
			"status 503":       an(503, body),
			"error invalid_gr": an(400, `{"error":"invalid_grants"}`),
			"no JSON":          an(400, "invalid_grant"),
			"a member hint":    an(400, `{"error":"invalid_grant","hint":"it was close"}`),
			"Location https":   an(400, body, "Location", uri),
			"want no-store":    an(400, body, "Cache-Control", "no-store, private"),
		}},
		{"page", Page(400), an(400, "no", html...), map[string]Answer{
			"status 404":    an(404, "no", html...),
			"want a page":   an(400, "no"),
			"Location http": an(400, "no", append(html, "Location", "http://127.0.0.1/")...),
			"Cache-Control": an(400, "no", append(html, "Cache-Control", "max-age=1")...),
		}},
		{"redirect", Redirect(uri, "invalid_scope"), an(303, "", "Location", carried), map[string]Answer{
			"status 307":        an(307, "", "Location", carried),
			"want https":        an(303, "", "Location", "https://app.example.com/cb.evil.com?error=invalid_scope"),
			"want invalid_scop": an(303, "", "Location", uri+"?error=access_denied"),
			"has error":         an(303, "", "Location", carried+"&error=access_denied"),
			"Location has code": an(303, "", "Location", carried+"&code=abc"),
			"Cache-Control":     an(303, "", "Location", carried, "Cache-Control", "private"),
		}},
	} {
		if faults := row.want(row.good); len(faults) > 0 {
			t.Errorf("%s: a good refusal has %q", row.name, faults)
		}
		for fault, a := range row.worse {
			if faults := row.want(a); !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, fault) }) {
				t.Errorf("%s: want %q among %q", row.name, fault, faults)
			}
		}
	}
}

func TestNegative(t *testing.T) {
	for _, row := range []struct {
		a    Answer
		want bool
	}{
		{an(200, `{"active":true}`), false},
		{an(200, `{"active":false}`), true},
		{an(400, ""), true},
		{an(303, "", "Location", "https://app.example.com/cb?code=c"), false},
		{an(303, "", "Location", "https://app.example.com/cb?error=invalid_scope"), true},
	} {
		if got := row.a.Negative(); got != row.want {
			t.Errorf("%v: %t", row.a, got)
		}
	}
}

// A secret is known wherever it was sent, and found in whatever form it leaks.
func TestSecrets(t *testing.T) {
	const secret = "s3cret with ünïcode"
	basic := base64.StdEncoding.EncodeToString([]byte("id:s3cret+with+%C3%BCn%C3%AFcode"))
	for name, sent := range map[string][]string{
		"basic":  Sent(http.Header{"Authorization": {"Basic " + basic}}, "", ""),
		"bearer": Sent(http.Header{"Authorization": {"Bearer " + secret}}, "", ""),
		"cookie": Sent(http.Header{"Cookie": {`a="` + "s3cret-cookie" + `"`}}, "", ""),
		"form":   Sent(nil, "", "grant_type=x&code=s3cret+with+%C3%BCn%C3%AFcode"),
		"query":  Sent(nil, "client_secret=s3cret%20with%20%C3%BCn%C3%AFcode", ""),
		"JSON":   Sent(nil, "", `{"client_secret":"s3cret with ünïcode"}`),
	} {
		want := secret
		if name == "cookie" {
			want = "s3cret-cookie"
		}
		if !slices.Contains(sent, want) {
			t.Errorf("%s: %q is not among %q", name, want, sent)
		}
	}
	if sent := Sent(http.Header{"Authorization": {"Bearer short"}}, "state=long-enough-state&token=t", ""); len(sent) > 0 {
		t.Errorf("no secrets: %q", sent)
	}
	for _, form := range []string{secret, "s3cret+with+%C3%BCn%C3%AFcode", base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))} {
		if len(an(400, "your "+form).Leaks([]string{"another-one", secret})) != 1 {
			t.Errorf("a body with %s passes", form)
		}
		if len(an(400, "", "X-Debug", form).Leaks([]string{secret})) != 1 {
			t.Errorf("a header with %s passes", form)
		}
	}
	if leaks := an(400, "nothing here").Leaks([]string{secret}); len(leaks) > 0 {
		t.Errorf("leaks: %q", leaks)
	}
}

// Every kind of change is seen on every store, but for the audit trail and the
// counters.
func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "charter.db")
	lite, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lite.Close() })
	if err := lite.Migrate(t.Context(), charter.Schema); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	mem := struct{ store.Store }{memory.New()}
	for name, engine := range map[string]struct {
		store.Store
		state func() (State, error)
	}{
		"memory": {mem, func() (State, error) { return Memory(context.Background(), &mem) }},
		"sqlite": {lite, func() (State, error) { return SQL(context.Background(), db, charter.Schema) }},
	} {
		t.Run(name, func(t *testing.T) { changes(t, engine.Store, engine.state) })
	}
	if _, err := Memory(t.Context(), lite); err == nil {
		t.Error("a store that is not in memory was read")
	}
	if _, err := SQL(t.Context(), db, "no table"); err == nil {
		t.Error("a schema without tables was read")
	}
}

func changes(t *testing.T, st store.Store, state func() (State, error)) {
	ctx, at := t.Context(), time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	grant := store.Grant{ID: "g", Subject: "alice", ClientID: "c", CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	token := store.Token{Digest: store.Digest{1}, Kind: "refresh_token", GrantID: "g", ClientID: "c", CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	for _, step := range []struct {
		want string
		do   func() error
	}{
		{"", func() error { return nil }},
		{"", func() error { _, err := st.Count(ctx, "s", "i", at, at.Add(time.Hour)); return err }},
		{"", func() error { return st.Record(ctx, store.Event{ID: "e", At: at, Reason: "r"}) }},
		{"clients", func() error {
			_, err := st.RegisterClient(ctx, store.Client{ID: "c", Metadata: []byte(`{}`), Source: "s", CreatedAt: at, UpdatedAt: at}, time.Time{})
			return err
		}},
		{"clients", func() error { return st.RenewClient(ctx, "c", at.Add(time.Minute), time.Time{}) }},
		{"grants tokens", func() error { return st.Issue(ctx, &grant, token) }},
		{"grants", func() error { _, err := st.RevokeGrants(ctx, store.GrantFilter{ID: "g"}, at); return err }},
		{"marks", func() error { return st.Once(ctx, "s", "i", at.Add(time.Hour)) }},
	} {
		before, err := state()
		if err != nil {
			t.Fatal(err)
		}
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		after, err := state()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(Changed(before, after), " "); got != step.want {
			t.Errorf("changed %q, want %q", got, step.want)
		}
	}
	if faults := Unexpected([]string{"grants", "tokens"}, []string{"grants", "marks"}); len(faults) != 2 {
		t.Errorf("%q", faults)
	}
}
