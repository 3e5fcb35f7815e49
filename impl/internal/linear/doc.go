// Package linear asks whether three processes over one PostgreSQL behave as one:
// it records what concurrent clients ask and are told while processes are killed,
// connections cut and the database crashes, and looks with porcupine for an order
// of the requests that explains every answer (linearizability: Herlihy and Wing,
// 1990). The specification is a model of one grant and its tokens. Servers with
// planted bugs show that the check finds them.
//
// CHARTER_TEST_LONG, a duration such as 10m, makes the check go on for so long, with
// longer histories from a minute on, and plants every bug. CHARTER_TEST_ARTIFACTS
// names a directory for the picture of a history that fails.
package linear
