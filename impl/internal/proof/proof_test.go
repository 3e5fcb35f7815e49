package proof

import "testing"

// A run is a test whose end is played.
type run struct {
	testing.TB
	skipped, failed bool
	cleanup         func()
}

func (*run) Helper()                 {}
func (r *run) Skipped() bool         { return r.skipped }
func (r *run) Cleanup(f func())      { r.cleanup = f }
func (r *run) Error(...any)          { r.failed = true }
func (r *run) Errorf(string, ...any) { r.failed = true }
func (r *run) end(skipped bool) *run { r.skipped = skipped; r.cleanup(); return r }
func of(ids ...string) (r *run)      { r = &run{}; Of(r, ids...); return r }

func TestOf(t *testing.T) {
	if of("ATK-1").end(false).failed {
		t.Error("a test that ran fails")
	}
	if !of("ATK-1").end(true).failed {
		t.Error("a skipped test passes as a proof")
	}
	if !of().end(false).failed {
		t.Error("a proof of nothing passes")
	}
}
