// Package stolen plays the thief who has the database: every file of it, with the
// write-ahead log, the binary log or the append-only file, every row, and every line of the log at its most talkative. He
// finds no token, code, secret, password, verifier, cookie or private key in
// them, opens nothing that is sealed, and signs in nowhere (REL-40).
package stolen
