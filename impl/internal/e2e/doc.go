// Package e2e runs the main job of Charter from outside: the built binary on
// each database, clients of other people over TCP, and a real browser in which
// somebody signs in and decides. It knows nothing of the code inside.
package e2e
