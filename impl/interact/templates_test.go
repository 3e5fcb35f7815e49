package interact

import (
	"bytes"
	"io/fs"
	"regexp"
	"slices"
	"testing"

	"golang.org/x/net/html"

	"github.com/charterauth/charter/impl/internal/proof"
)

var theLink = []byte(`<a href="{{.Open}}" rel="noreferrer">`)

// The templates have no script, no
// refresh, no address of anything to load, no unquoted attribute.
func TestTemplatesAreInert(t *testing.T) {
	proof.Of(t, "RFC9700-4.2.4-1")
	proof.Of(t, "CVE-2023-24538", "ATK-33")
	files, err := fs.Glob(builtIn(), "*")
	files = slices.DeleteFunc(files, func(name string) bool { return name == "form_post.html" || name == "check_session.html" }) // each has one script, which package server tests
	if err != nil || len(files) != 10 {
		t.Fatalf("templates are %v (%v)", files, err)
	}
	forbidden := regexp.MustCompile(`(?i)<script|<iframe|<object|<embed|<img|<link|<base|<svg|http-equiv|\son[a-z]+\s*=|\sstyle\s*=|\s(src|href)\s*=|javascript:|@import|url\(|=\{\{|="[^"]*\{\{[^}]*\}\}[^"]*[?&]`)
	quoted := regexp.MustCompile(`="[^"]*"`)
	unquoted := regexp.MustCompile(`<[a-z][^>]*\s[a-z-]+=`)
	for _, name := range files {
		text, err := fs.ReadFile(builtIn(), name)
		if err != nil {
			t.Fatal(err)
		}
		// Front-Channel Logout §3: the one page with frames, and a link that leads to a client.
		for _, known := range []string{`<iframe src="{{.URI}}" title="{{.Name}}" sandbox="allow-scripts allow-same-origin" hidden>`, `<a href="{{.Next}}" class="button">`} {
			if name == "signed_out.html" && bytes.Count(text, []byte(known)) != 1 {
				t.Errorf("%s has not %s", name, known)
			}
			if name == "signed_out.html" {
				text = bytes.ReplaceAll(text, []byte(known), nil)
			}
		}
		if name == "apps.html" { // the one link, to what openApp has looked at; nothing is loaded from it
			if bytes.Count(text, theLink) != 1 {
				t.Errorf("%s has not the one link %s", name, theLink)
			}
			text = bytes.Replace(text, theLink, []byte("<a>"), 1)
		}
		if found := forbidden.Find(text); found != nil {
			t.Errorf("%s has %q", name, found)
		}
		if found := unquoted.Find(quoted.ReplaceAll(text, nil)); found != nil {
			t.Errorf("%s has the unquoted attribute %q", name, found)
		}
	}
	for _, bad := range []string{`<p onclick="x">`, `<script>`, `<a href="x">`, `<meta http-equiv="refresh">`} {
		if !forbidden.MatchString(bad) {
			t.Errorf("the check does not see %q", bad)
		}
	}
	if !unquoted.MatchString(quoted.ReplaceAllString(`<input name=x value="y">`, "")) {
		t.Error("the check does not see an unquoted attribute")
	}
}

// Every field has a label, the page a language, one heading, a title.
func TestPagesAreAccessible(t *testing.T) {
	p := newTestPainter(t)
	for name, view := range hostile(p.frame, "text") {
		page, err := p.paint(name, view)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(bytes.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		labels, ids, count := map[string]bool{}, map[string]int{}, map[string]int{}
		var fields []string
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			count[n.Data]++
			if id := attribute(n, "id"); id != "" {
				ids[id]++
			}
			switch {
			case n.Data == "label":
				labels[attribute(n, "for")] = true
			case n.Data == "input" && attribute(n, "type") != "hidden":
				fields = append(fields, attribute(n, "id"))
			case n.Data == "html" && attribute(n, "lang") != "en":
				t.Errorf("%s has no language", name)
			}
			if described := attribute(n, "aria-describedby"); described != "" && !bytes.Contains(page, []byte(`id="`+described+`"`)) {
				t.Errorf("%s: nothing has the id %s", name, described)
			}
		}
		for _, id := range fields {
			if !labels[id] || ids[id] != 1 {
				t.Errorf("%s: field %q has no label of its own", name, id)
			}
		}
		if count["h1"] != 1 || count["title"] != 1 || count["main"] != 1 {
			t.Errorf("%s has %d h1, %d title, %d main", name, count["h1"], count["title"], count["main"])
		}
		if (name == loginFile || name == consentFile) && !bytes.Contains(page, []byte(`role="alert"`)) {
			t.Errorf("%s does not announce its problem", name)
		}
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
