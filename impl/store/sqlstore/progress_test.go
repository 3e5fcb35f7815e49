package sqlstore_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

// Whoever migrates hears how far it is: each statement once, in order.
func TestMigrateTellsProgress(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "charter.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var heard []int
	last := 0
	if err := s.Migrate(t.Context(), charter.Schema, func(done, all int) { heard, last = append(heard, done), all }); err != nil {
		t.Fatal(err)
	}
	if len(heard) < 20 || len(heard) != last || !slices.IsSorted(heard) || heard[0] != 0 {
		t.Errorf("heard %v of %d", heard, last)
	}
	heard = nil
	if err := s.Migrate(t.Context(), charter.Schema, func(done, _ int) { heard = append(heard, done) }); err != nil || heard != nil {
		t.Errorf("where nothing is to be done: heard %v, %v", heard, err)
	}
}
