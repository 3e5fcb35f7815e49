package gallery

import (
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	charter "github.com/charterauth/charter"
)

var variable = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`)

// TestContrast computes what axe-core does not look at: 4.5 for texts (WCAG 2.2
// §1.4.3), and 3 for the edges of what can be used and for the focus (§1.4.11),
// in both themes.
func TestContrast(t *testing.T) {
	style, err := fs.ReadFile(charter.Pages, "templates/pages/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, found := strings.Cut(string(style), "@media (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("no dark theme")
	}
	dark, _, _ = strings.Cut(dark, "\n}\n")
	for theme, text := range map[string]string{"light": light, "dark": dark} {
		colours := make(map[string]string)
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			colours[m[1]] = m[2]
		}
		for _, c := range []struct {
			on, of string
			least  float64
		}{
			{"sheet", "ink", 4.5}, {"sheet", "soft", 4.5}, {"ground", "ink", 4.5}, {"accent", "on-accent", 4.5}, {"accent-deep", "on-accent", 4.5},
			{"sheet", "bad", 4.5}, {"bad-ground", "bad", 4.5}, {"note-ground", "note", 4.5}, {"sheet", "note", 4.5},
			{"sheet", "field", 3}, {"sheet", "accent", 3}, {"ground", "accent", 3},
		} {
			if got := contrast(t, colours[c.on], colours[c.of]); got < c.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, less than %.1f", theme, c.of, c.on, got, c.least)
			}
		}
	}
	if got := contrast(t, "ffffff", "777777"); math.Abs(got-4.48) > 0.01 { // known of old: just too little
		t.Errorf("grey on white is computed as %.2f", got)
	}
}

// contrast is the contrast ratio of WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) != 6 {
		t.Fatalf("%q is no colour: a variable is missing", colour)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}
