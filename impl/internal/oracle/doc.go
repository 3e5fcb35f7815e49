// Package oracle knows what holds of every request that must come to nothing,
// whatever else a test expects of it: the answer is exactly the error that was to
// be, it goes nowhere, nobody keeps it, it repeats no secret that was sent, neither
// does the log, and the store holds what it held before.
//
// Faults are returned and not reported, so that a test can show that the oracle
// sees them.
package oracle
