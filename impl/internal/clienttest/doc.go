// Package clienttest finds the OAuth clients of other people that Charter is
// tested with: programs for Node.js, installed with npm ci in this directory.
// What they do to a server is in the .mjs files; which server is the caller's
// affair.
package clienttest
