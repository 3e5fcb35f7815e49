package server

import "testing"

// An identifier that begins with a hyphen would be read as a flag by a command
// line: one in 64 random ones does.
func TestRandomIDIsNoFlag(t *testing.T) {
	for range 2000 {
		if id := randomID(); len(id) != 22 || id[0] == '-' {
			t.Fatalf("identifier %q", id)
		}
	}
}
