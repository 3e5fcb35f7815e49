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
// A proof names the ids that it proves, and a disposition its proofs; each is
// checked against the other, so that neither is lost unseen. After a change of
// proofs, go test ./impl/internal/conformance -update writes the proofs anew.
package conformance
