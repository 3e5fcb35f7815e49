// Package sweeping fills the tables of a database with tokens that are over, some
// millions of them, and watches how long requests take while a server sweeps them
// away: a request must not notice.
//
// It takes many minutes, so it runs when CHARTER_TEST_LONG is set, and watches for
// so long, as 10m, at most; CHARTER_TEST_ROWS is the number of tokens, 10 million by
// default.
package sweeping
