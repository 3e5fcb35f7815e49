// Package attacks keeps the list of attacks that must come to nothing, and holds
// it against the tests that say so. It also has those tests that concern no single
// package: over TCP, over every operation, over two servers.
//
// testdata/attacks.tsv has a row for each attack: its ids, what must happen, a
// kind and a text. An id says where the idea of the test came from and nothing
// about any product; a test names it with proof.Of.
//
//	proven      the tests, separated by spaces: impl/server.TestX
//	not yet     the endpoint or feature that the attack needs and that is not there
//	operations  why it is checked elsewhere than in go test
//	divergence  why Charter does otherwise
//
// After a change of tests, go test ./impl/internal/attacks -update writes the
// tests of the proven rows anew.
package attacks
