// Bite is the guard remover (mutation testing): it takes one check at a time out
// of the security code and asks whether a test notices. What no test notices is
// a check that the next change may lose in silence.
//
//	go run ./impl/internal/bite -state DIR [-only REGEXP] [-run REGEXP] [-most N] [-within 5h] [-jobs 1] [-rerun] [-slowest 1h] [-witnesses LIST]
//
// # What is removed
//
//	never     if C {…}             the branch is never taken: the guard is gone
//	always    if C {…} else {…}    the branch is always taken, where it is the way on
//	operand   a && b, a || b       one operand is gone: a compared field, a condition
//	swap      a && b               becomes a || b, and the other way round
//	bound     a < b                becomes a <= b, and so on
//	not       return a == b        becomes its opposite; Secure: true becomes false
//	case      case x: …            the case of a switch is gone
//	result    return check(x)      the last error of a function becomes nil
//	call      h.Set(…)             the statement is gone: a header, a mark, an event
//	where     WHERE a AND b        one predicate of an SQL statement is gone
//
// # How
//
// Compiling one program for each mutant would take days. All mutants are compiled
// into one program instead, each behind a number (mutant schemata: R. H. Untch and
// others, 1993), through go's -overlay, so that nothing is written next to the
// code. Every test runs once alone to see which mutants it reaches; then each
// mutant is switched on and the tests that reach it run, those of its own package
// first and the quickest first, until one fails.
//
// # What is kept
//
// DIR holds the programs, the reach, results.tsv and report.md. A run that is
// interrupted goes on where it stopped: a result stands while the function of the
// mutant is as it was; survivors are asked again when the tests have changed.
//
// # What it costs
//
// An hour for the reach, and for each mutant the tests that reach it; one that
// survives costs them all. -most asks a sample that depends on nothing but the
// mutants, -within stops in time to report. After writing a test for a survivor,
// -run asks that test alone, and keeps what it kills.
//
// equivalent.txt lists the mutants that no test can notice, each with the reason.
// A line that names no mutant, or one that a test does notice, is an error.
package main
