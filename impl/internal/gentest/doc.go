// Package gentest holds the tests of the generated layer: of what package gen
// lets through and refuses, and of the generator itself. It owns the probe
// document; it knows nothing of package server. Names GEN-n and TRAP-n in the
// tests are the guarantees that the templates were written for.
package gentest
