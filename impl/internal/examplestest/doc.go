// Package examplestest executes the examples of openapi.yaml: it sends every
// request example to a real server and compares the answer with the example of
// the same name, and makes every refusal that is an example without a request
// happen. It has tests only, and holds records for them as a store would.
package examplestest
