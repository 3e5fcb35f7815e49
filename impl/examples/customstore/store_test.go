package customstore_test

import (
	"testing"

	"github.com/charterauth/charter/impl/examples/customstore"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func(testing.TB) store.Store { return customstore.New() }})
}
