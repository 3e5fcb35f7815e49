package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// The browser cookie, and that one is kept but two of
// the name are none.
func TestBrowserCookie(t *testing.T) {
	proof.Of(t, "ATK-140", "CVE-2026-32246")
	f := newFixture(t)
	c := f.Public()
	first := f.Get("/authorize", c.Request(nil))
	cookies := first.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v", cookies)
	}
	k := cookies[0]
	if k.Name != "__Host-charter-browser" || !k.Secure || !k.HttpOnly || k.Path != "/" || k.SameSite != http.SameSiteLaxMode || k.Domain != "" || len(k.String()) > 4096 {
		t.Errorf("cookie %s", k)
	}
	again := f.Get("/authorize", c.Request(nil), servertest.Cookies(first))
	if len(again.Cookies()) != 0 {
		t.Error("a browser that has a cookie gets another")
	}
	for name, change := range map[string]func(*http.Request){
		"two":     func(r *http.Request) { r.AddCookie(k); r.AddCookie(k) },
		"made up": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: k.Name, Value: "x"}) },
		"short":   func(r *http.Request) { r.AddCookie(&http.Cookie{Name: k.Name, Value: k.Value[:len(k.Value)-1]}) },
	} {
		res := f.Get("/authorize", c.Request(nil), change)
		if got := res.Cookies(); len(got) != 1 || got[0].Value == k.Value {
			t.Errorf("%s: cookies %v", name, got)
		}
	}
	loopback := newFixture(t, func(c *server.Config) { c.Issuer = "http://127.0.0.1:8080" })
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/register", strings.NewReader(`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`))
	r.Header.Set("Content-Type", "application/json")
	id, _ := servertest.Decode(t, loopback.Do(r), http.StatusCreated)["client_id"].(string)
	q := servertest.Client{ID: id, RedirectURI: appCallback}.Request(nil)
	got := loopback.Do(httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/authorize?"+q.Encode(), nil)).Cookies()
	if len(got) != 1 || got[0].Name != "charter-browser" || got[0].Secure || !got[0].HttpOnly {
		t.Errorf("over http: %v", got)
	}
}
