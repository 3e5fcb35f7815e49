// Package conformance holds one disposition for every requirement of the
// documents in force, and the checks that keep them true.
//
// testdata/dispositions has a file for each document, named by what its ids begin
// with: rfc7009.tsv has the ids RFC7009-…. A row is an id, a kind and a text:
//
//	proven          the proofs, separated by spaces: rfc7009/01-refresh-token is a
//	                transcript, impl/server.TestX a Go test that calls proof.Of
//	not applicable  why it binds nothing that is here, a sentence
//	divergence      why Charter does otherwise, a sentence; where a later document
//	                asks for the opposite, it is named and wins
//
// A proof names the ids that it proves, and a disposition its proofs, so that none
// is lost unseen. After a change of proofs, go test ./impl/internal/conformance
// -run TestDispositions -update lists all that there are, and go generate writes
// the matrix, the page of the documentation that shows the dispositions.
package conformance

//go:generate go run ./matrix -module ../../..
