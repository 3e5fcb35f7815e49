// Package examplestest sends every request example of openapi.yaml to a real
// server and compares the answer with the example of the same name. It has tests
// only.
package examplestest
