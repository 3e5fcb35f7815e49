package server

import (
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// An identifier that begins with a hyphen would be read as a flag by a command
// line: one in 64 random ones does. Nor is one a URL, as those of clients with a
// metadata document are.
func TestRandomIDIsNoFlag(t *testing.T) {
	proof.Of(t, "CIMD-6.9-1")
	for range 2000 {
		if id := randomID(); len(id) != 22 || id[0] == '-' || strings.ContainsAny(id, ":/") {
			t.Fatalf("identifier %q", id)
		}
	}
}
