package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/server"
)

// form_post: a page whose form goes to the redirect URI alone, with a button and the one script of its policy.
func TestFormPost(t *testing.T) {
	proof.Of(t, "FORM-POST-2-1", "FORM-POST-2-2", "FORM-POST-2-3", "FORM-POST-2-4", "FORM-POST-2-5")
	f := newFixture(t)
	c := f.Public()
	q := c.Request(url.Values{"response_mode": {"form_post"}, "state": {`"><script>alert(1)</script>`}})
	r, err := f.Complete(context.Background(), f.Pending(q), server.Decision{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	page, policy := r.Page()
	if r.Location() != "" || page == nil {
		t.Fatalf("%q %q", r.Location(), page)
	}
	text := string(page)
	for _, want := range []string{`<form method="post" action="https://app.example.com/cb">`, `<input type="hidden" name="code" value="chac_`, `<input type="hidden" name="iss" value="https://auth.example.com">`, `<button type="submit">`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s: %s", want, text)
		}
	}
	if strings.Count(text, "<script>") != 1 || strings.Contains(text, "alert(1)</script>") {
		t.Errorf("the state got out: %s", text)
	}
	_, script, _ := strings.Cut(text, "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	for _, want := range []string{"default-src 'none'", "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'", "form-action https://app.example.com;", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q has no %q", policy, want)
		}
	}
	// An error goes the same way, and is not stored.
	res := f.Get("/authorize", c.Request(url.Values{"response_mode": {"form_post"}, "scope": {"destroy"}}))
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK || !strings.Contains(string(body), `name="error" value="invalid_scope"`) || res.Header.Get("Cache-Control") != "no-store" || strings.Contains(string(body), `name="code"`) {
		t.Errorf("error: %d %v %s", res.StatusCode, res.Header, body)
	}
	native := f.Register(`{"application_type":"native","redirect_uris":["com.example.app:/cb"],"token_endpoint_auth_method":"none"}`)
	if res := f.Get("/authorize", native.Request(url.Values{"response_mode": {"form_post"}})); res.StatusCode == http.StatusSeeOther && strings.Contains(res.Header.Get("Location"), "request=") {
		t.Error("a form to a program that no browser posts to")
	}
}

// Whatever a redirect URI or a state says, it stays one attribute of the page, and
// the form may go to the origin of the redirect URI and nowhere else.
func TestFormPostEscapes(t *testing.T) {
	proof.Of(t, "ATK-18")
	f := newFixture(t)
	const evil = `"><script>alert(1)</script><form action=https://evil.example/>`
	states := []string{"xyz", evil, `' onfocus='alert(1)' autofocus x='`, `</form>`, `&quot;&#34;&lt;&amp;`, `{{.}}`, `-->`, "é 漢字 🙂", strings.Repeat(`<'">&`, 200)}
	for i, uri := range []string{"https://app.example.com/cb", "https://app.example.com/cb?a='b'&c=%22%3E%3Cscript%3E&lt;&quot;", "https://app.example.com:8443/cb;script-src%20'self'", "http://127.0.0.1:4711/cb?x='"} {
		c := f.Register(`{"redirect_uris":["` + uri + `"],"token_endpoint_auth_method":"none"}`)
		origin := uri[:strings.Index(uri, "/cb")]
		for _, state := range states {
			pending := f.Pending(c.Request(url.Values{"response_mode": {"form_post"}, "state": {state}, "redirect_uri": {uri}}))
			r, err := f.Complete(context.Background(), pending, server.Decision{Subject: "alice"})
			if err != nil {
				t.Fatal(err)
			}
			page, policy := r.Page()
			for _, fault := range formFaults(string(page), uri, state) {
				t.Errorf("%s, state %q: %s", uri, state, fault)
			}
			if !slices.Contains(strings.Split(policy, "; "), "form-action "+origin) {
				t.Errorf("%s: the policy is %s", uri, policy)
			}
			// The control: with the state as it came, the faults are found.
			if i == 0 && state == evil && len(formFaults(strings.ReplaceAll(string(page), html.EscapeString(state), state), uri, state)) == 0 {
				t.Error("a state that gets out is not seen")
			}
		}
	}
}

// formFaults reads a page as a browser does, and tells what is not as it must be.
func formFaults(page, uri, state string) (faults []string) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	count, fields := map[string]int{}, map[string]string{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		attributes := map[string]string{}
		for _, a := range n.Attr {
			attributes[a.Key] = a.Val
			if strings.HasPrefix(a.Key, "on") || a.Key == "autofocus" || a.Key == "style" {
				faults = append(faults, fmt.Sprintf("%s has %s", n.Data, a.Key))
			}
		}
		switch n.Data {
		case "form":
			if attributes["action"] != uri || attributes["method"] != "post" {
				faults = append(faults, fmt.Sprintf("the form goes to %q by %q", attributes["action"], attributes["method"]))
			}
		case "input":
			fields[attributes["name"]] = attributes["value"]
		}
	}
	if count["form"] != 1 || count["script"] != 1 || count["input"] != 3 || count["a"]+count["img"]+count["iframe"] > 0 {
		faults = append(faults, fmt.Sprintf("the page has %v", count))
	}
	if fields["state"] != state || fields["code"] == "" || fields["iss"] == "" {
		faults = append(faults, fmt.Sprintf("the form has %q", fields))
	}
	return faults
}
