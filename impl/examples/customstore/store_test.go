package customstore_test

import (
	"path/filepath"
	"testing"

	"github.com/charterauth/charter/impl/examples/customstore"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func(t testing.TB) store.Store {
		s, err := customstore.Open(filepath.Join(t.TempDir(), "charter.bolt"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}})
}
