package gallery

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	charter "github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/chromium"
	"github.com/charterauth/charter/impl/internal/require"
)

// axe runs axe-core in the page, which allows no script of its own, and returns
// what it objects to: WCAG 2.2 A and AA, and its own best practices.
func axe(t *testing.T, b *chromium.Tab) (faults []string) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "clienttest", "node_modules", "axe-core", "axe.min.js"))
	require.Engine(t, "node", err == nil, "axe-core is not installed: run npm ci in impl/internal/clienttest")
	if !chromium.Evaluate[bool](b, `"axe" in window`) {
		chromium.Evaluate[bool](b, string(source)+`; true`)
	}
	type violation struct {
		ID, Help string
		Nodes    []struct {
			HTML    string
			Summary string `json:"failureSummary"`
		}
	}
	for _, v := range chromium.Evaluate[[]violation](b, `axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => r.violations)`) {
		for _, n := range v.Nodes {
			faults = append(faults, fmt.Sprintf("%s: %s: %.200s: %s", v.ID, v.Help, n.HTML, n.Summary))
		}
	}
	return faults
}

// TestAxe is the control: what is wrong with a page is found.
func TestAxe(t *testing.T) {
	style, err := fs.ReadFile(charter.Pages, "templates/pages/style.css")
	if err != nil {
		t.Fatal(err)
	}
	for name, own := range map[string]fstest.MapFS{
		"color-contrast": {"style.css": {Data: []byte(strings.ReplaceAll(string(style), "--soft: #", "--soft: #c0c0c0; --old: #"))}},
		"label":          {"login.html": {Data: []byte(`{{define "title"}}x{{end}}{{define "main"}}<h1>x</h1><input id="password">{{end}}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, newPlace(t, own), pages[0])
			if faults := strings.Join(axe(t, b), "\n"); !strings.Contains(faults, name+": ") {
				t.Errorf("found %q", faults)
			}
		})
	}
}
