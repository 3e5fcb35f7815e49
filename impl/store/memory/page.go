package memory

import (
	"slices"

	"github.com/charterauth/charter/impl/store"
)

// page returns copies of at most limit records that want accepts, in the order
// of their identifiers, behind after.
func page[T any](records map[string]T, after string, limit int, want func(T) bool, copyOf func(T) T) ([]T, error) {
	if err := store.Text("listing", after); err != nil {
		return nil, err
	}
	var ids []string
	for id, r := range records {
		if id > after && want(r) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var out []T
	for _, id := range ids[:min(len(ids), max(limit, 0))] {
		out = append(out, copyOf(records[id]))
	}
	return out, nil
}

// all is the want of a listing that leaves nothing out.
func all[T any](T) bool { return true }
