package oauth

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

func TestParseScope(t *testing.T) {
	proof.Of(t, "OIDC-CORE-14-3")
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, " s%d", i)
		}
		return b.String()[1:]
	}
	for _, c := range []struct {
		name, in, want string
		ok             bool
	}{
		{"one", "read", "read", true},
		{"order kept", "write read", "write read", true},
		{"duplicates dropped", "b a b a", "b a", true},
		{"case matters", "read READ", "read READ", true},
		{"empty is absent", "", "", true},
		{"every allowed edge", "! # [ ] ~", "! # [ ] ~", true},
		{"url as token", "https://api.example/x:y", "https://api.example/x:y", true},
		{"256 tokens", many(256), many(256), true},
		{"257 tokens", many(257), "", false},
		{"long token", strings.Repeat("a", 256), strings.Repeat("a", 256), true},
		{"too long token", strings.Repeat("a", 257), "", false},
		{"leading space", " a", "", false},
		{"trailing space", "a ", "", false},
		{"double space", "a  b", "", false},
		{"only a space", " ", "", false},
		{"tab", "a\tb", "", false},
		{"quote", `a"b`, "", false},
		{"backslash", `a\b`, "", false},
		{"newline", "a\nb", "", false},
		{"nul", "a\x00", "", false},
		{"delete", "a\x7f", "", false},
		{"not ASCII", "lésen", "", false},
		{"no-break space", "a\u00a0b", "", false},
		{"invalid UTF-8", "a\xff", "", false},
	} {
		got, err := ParseScope(c.in)
		if (err == nil) != c.ok || got.String() != c.want {
			t.Errorf("%s: ParseScope(%.40q) = %.40q, %v", c.name, c.in, got, err)
		}
		if e := (*Error)(nil); err != nil && (!errors.As(err, &e) || e.Code != "invalid_scope") {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

func TestScopeSets(t *testing.T) {
	for _, c := range []struct {
		a, b             string
		subset           bool
		intersect, union string
	}{
		{"", "", true, "", ""},
		{"", "a", true, "", "a"},
		{"a", "", false, "", "a"},
		{"a b", "b a c", true, "a b", "a b c"},
		{"c a", "a b", false, "a", "c a b"},
		{"A", "a", false, "", "A a"},
		{"a", "ab", false, "", "a ab"},
	} {
		a, _ := ParseScope(c.a)
		b, _ := ParseScope(c.b)
		before := slices.Clone(a)
		if got := a.SubsetOf(b); got != c.subset {
			t.Errorf("%q subset of %q: %v", a, b, got)
		}
		if got := a.Intersect(b).String(); got != c.intersect {
			t.Errorf("%q intersect %q: %q", a, b, got)
		}
		if got := a.Union(b).String(); got != c.union {
			t.Errorf("%q union %q: %q", a, b, got)
		}
		if !slices.Equal(a, before) {
			t.Errorf("%q was changed to %q", before, a)
		}
	}
}

// TestScopeUnionOwnsItsMemory appends to two unions of one scope with spare
// capacity: neither may see the other.
func TestScopeUnionOwnsItsMemory(t *testing.T) {
	base := make(Scope, 1, 8)
	base[0] = "a"
	x, y := base.Union(Scope{"x"}), base.Union(Scope{"y"})
	if x.String() != "a x" || y.String() != "a y" {
		t.Errorf("got %q and %q", x, y)
	}
}

// TestScopeCost is ATK-79: 100 000 tokens and 1 MiB are refused within 50 ms.
func TestScopeCost(t *testing.T) {
	proof.Of(t, "ATK-79")
	for _, in := range []string{strings.Repeat("a ", 100_000), strings.Repeat("a", 1<<20), strings.Repeat(" ", 1<<20)} {
		// What it allocates tells how much it kept, on a busy machine too.
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := ParseScope(in); err == nil {
			t.Errorf("%d bytes accepted", len(in))
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 16<<10 {
			t.Errorf("%d bytes took %d bytes more", len(in), n)
		}
	}
}

func FuzzParseScope(f *testing.F) {
	proof.Of(f, "FUZZ-5")
	for _, s := range []string{"", "a", "a b", "a  b", " a", "é", "a\"b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s, err := ParseScope(in)
		if err != nil {
			return
		}
		again, err := ParseScope(s.String())
		if err != nil || !slices.Equal(s, again) {
			t.Errorf("%q parses to %q, which parses to %q, %v", in, s, again, err)
		}
		if strings.ContainsAny(s.String(), "\x00\t\r\n\"\\") {
			t.Errorf("%q let a forbidden character through", in)
		}
	})
}
