package server_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// Whatever bytes a request has, every record of the log is one line of printable
// characters.
func TestLogLines(t *testing.T) {
	proof.Of(t, "CVE-2026-42507", "ATK-134")
	var log strings.Builder
	f := newFixture(t, func(c *server.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Events = nil
	})
	c := f.Public()
	for _, text := range []string{"a\nlevel=ERROR msg=forged", "a\r\ntime=x", "\x1b[31mred", "\x00", "\u2028", "\u0085", "\u202e", "%s%n", "${jndi:ldap://x}", "\xff\xfe", "\u007f\u0009"} {
		f.Get("/authorize", c.Request(url.Values{"client_id": {text}}))
		f.Get("/authorize", c.Request(url.Values{"redirect_uri": {text}}))
		f.Get("/authorize", c.Request(url.Values{"scope": {text}}))
		f.Post("/token", url.Values{"grant_type": {text}, "client_id": {text}})
		f.Post("/token", c.Exchange(text, nil), func(r *http.Request) { r.Header["User-Agent"] = []string{text} })
		f.Post("/revoke", url.Values{"token": {text}, "client_id": {c.ID}})
		f.register(`{"client_name":` + quoteJSON(text) + `,"redirect_uris":["x"]}`)
		f.Get("/"+url.PathEscape(text), nil)
	}
	lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
	if len(lines) < 20 {
		t.Errorf("%d lines: nothing was logged", len(lines))
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "time=2") || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
			t.Errorf("a line of the log: %q", line)
		}
	}
	servertest.Decode(t, f.register(publicMetadata), http.StatusCreated)
}

func quoteJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == '"' || c == '\\':
			b.WriteString(`\u00` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}
