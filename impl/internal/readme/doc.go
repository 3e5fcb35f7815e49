// Package readme keeps README.md true: its commands are run as they stand, and
// its Go is code that is tested elsewhere. It has tests only.
package readme
