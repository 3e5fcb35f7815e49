// Package storetest is the conformance kit of store.Store. A third party's
// whole test is
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Harness{Open: func(t testing.TB) store.Store { … }})
//	}
//
// The kit checks what the contract says and nothing about how it is done. It
// reports as many violations as it can in one run, each under the name of the
// rule, so that -run selects one: -run 'TestStore/races/ConsumeToken'.
//
// The races are evidence and not proof. A store that reads and then writes
// double-spends only when two calls interleave; with a slow commit and idle
// connections to open that may be rare. The kit therefore opens the connections
// first, releases all racers at once, spreads them over replicas, and repeats.
// Prove that it sees such a bug on your engine: plant one, and run Races under
// Observe. SQLite serialises writers and hides it; PostgreSQL does not.
//
// The package needs nothing but the standard library and store/memory, which is
// the reference of its model test, and knows no engine.
package storetest
