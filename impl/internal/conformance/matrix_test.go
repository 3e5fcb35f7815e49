package conformance

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

const site = "../../../gen/docs/"

// The published page is current: it says what the dispositions say.
func TestMatrixIsCurrent(t *testing.T) {
	files, err := inventory(t).Matrix(InForce)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		published, err := os.ReadFile(site + name)
		if err != nil || !bytes.Equal(published, content) {
			t.Errorf("%s is not what the dispositions give: run go generate (%v)", name, err)
		}
	}
}

// Every requirement is on the page once, with its proofs or its reason, and every
// link leads to a file that is there.
func TestMatrixSaysAll(t *testing.T) {
	v := inventory(t)
	files, err := v.Matrix(InForce)
	if err != nil {
		t.Fatal(err)
	}
	html, rows := string(files["conformance.html"]), 0
	for _, document := range InForce {
		for _, d := range v.Dispositions[document] {
			rows++
			_, row, _ := strings.Cut(html, `<tr id="`+d.ID+`"`)
			row, _, _ = strings.Cut(row, "</tr>")
			want := d.Proofs
			if d.Kind != Proven {
				want = []string{strings.Fields(d.Text)[0]}
			}
			for _, text := range want {
				if !strings.Contains(row, text) {
					t.Errorf("%s: %q is not in %s", d.ID, text, row)
				}
			}
		}
	}
	if !strings.Contains(html, fmt.Sprintf("<caption>%d requirements", rows)) || strings.Count(html, "<tr id=") != rows {
		t.Errorf("the page has %d rows, want %d", strings.Count(html, "<tr id="), rows)
	}
	links := regexp.MustCompile(`href="`+source+`([^"]*)"`).FindAllStringSubmatch(html, -1)
	for _, link := range links {
		if info, err := os.Stat("../../../" + link[1]); err != nil || info.IsDir() {
			t.Errorf("a link to %q: %v", link[1], err)
		}
	}
	if len(links) < rows/2 {
		t.Errorf("%d links of %d requirements", len(links), rows)
	}
	for _, inert := range []string{"<script", "style=", "onclick", "http://"} {
		if strings.Contains(html, inert) {
			t.Errorf("the page has %s", inert)
		}
	}
	if !strings.Contains(html, `default-src 'none'; style-src 'self'`) && !strings.Contains(html, "default-src &#39;none&#39;; style-src &#39;self&#39;") {
		t.Error("the page has no policy")
	}
	index, err := os.ReadFile(site + "index.html")
	if err != nil || !strings.Contains(string(index), `href="conformance.html"`) {
		t.Errorf("the site does not lead to the page: %v", err)
	}
}
