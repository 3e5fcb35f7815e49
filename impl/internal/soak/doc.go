// Package soak runs the built binary at full load with all grants mixed, and looks
// at what it holds: live heap, goroutines, open files. No request may fail, and
// what it holds may not grow.
//
// CHARTER_TEST_LONG, a duration such as 10m, makes it go on for so long; growth is
// judged from two minutes on.
package soak
