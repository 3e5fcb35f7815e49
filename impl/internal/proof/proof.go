// Package proof lets a Go test say what it proves: requirements of a standard,
// and attacks that come to nothing. Package conformance finds what is said, by
// reading the source, and holds it against the dispositions.
package proof

import "testing"

// Of names what a test proves by passing: ids of requirements (RFC7009-2.1-1) and
// of attacks (ATK-52). It is a statement of its own in the body of a TestXxx or
// FuzzXxx, not below an if or in a subtest, and the ids are written out, so that
// source alone shows what is proven. A test that ends skipped proves nothing and
// fails.
func Of(t testing.TB, ids ...string) {
	t.Helper()
	if len(ids) == 0 {
		t.Error("a proof of nothing: name the ids")
	}
	t.Cleanup(func() {
		if t.Skipped() {
			t.Errorf("skipped, and so no proof of %v", ids)
		}
	})
}
