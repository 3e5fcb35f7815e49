package interact

import (
	"io/fs"

	"github.com/charterauth/charter"
)

// builtIn returns the pages that come with Charter.
func builtIn() fs.FS {
	pages, err := fs.Sub(charter.Pages, "templates/pages")
	if err != nil {
		panic(err) // the path is a constant that is valid
	}
	return pages
}
