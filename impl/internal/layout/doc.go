// Package layout holds the tests of what design and reviews ask of the code as a
// whole: which package may import which, and how large a file or function may
// become. It has no code of its own.
package layout
