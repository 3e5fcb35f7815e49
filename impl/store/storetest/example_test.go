package storetest_test

import (
	"testing"

	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
	"github.com/charterauth/charter/impl/store/storetest"
)

// The whole test of a store. It has no output: go test runs it as TestStore.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestStore(t *testing.T)
		storetest.Run(t, storetest.Harness{Open: func(testing.TB) store.Store { return memory.New() }})
	}
}
