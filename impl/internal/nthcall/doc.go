// Package nthcall fails the nth store call of every operation, for every n: before
// it happened, after it happened (its answer was lost), and because its context
// was cancelled. The answer must be a 503 that says when to come back, repeats
// nothing and gives nothing; nothing may have changed that the client was not
// told, and asking again must be right.
package nthcall
