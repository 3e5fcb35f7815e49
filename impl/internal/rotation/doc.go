// Package rotation is a model of refresh token rotation (RFC 9700 §4.14.2, and
// the grace period in which a client that lost an answer gets the same one
// again), explored exhaustively: an owner and a thief of one chain of tokens, two
// requests at a time on replicas that have nothing in common but the store, and
// between any two store calls a crash, the end of the grace period, a revocation
// or a sweep. Answers are lost at will.
//
// What must hold in every state and at every answer is in invariants.go. Broken
// rules show that each invariant bites, and walks through the model are played on
// the real server, store call by store call, which must do the same.
package rotation
