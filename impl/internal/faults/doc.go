// Package faults runs the built binary while things around it fail: processes
// are killed, restarted and replaced, the database goes away, slows down, fills
// up or fails over, clients leave. Whatever was acknowledged must still hold,
// whatever was spent must stay spent, and every error must be one that the fault
// explains.
//
// The tests run for seconds. CHARTER_TEST_LONG, a duration such as 10m, makes
// those that repeat a fault go on for so long.
package faults
