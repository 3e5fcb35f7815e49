// Package fleet runs the built binary as operators run it, several processes over
// one database, and breaks what is around it: it kills processes, cuts, stalls
// and delays connections, and stops and restarts the database. Its clients speak
// the protocol over TCP and tell apart what was answered and what was lost. It
// knows nothing of the code inside.
package fleet
