package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// renderer is the script that turns the document into a page.
const renderer = "redoc.standalone.js"

// recorded is what ./vendor wrote when it copied the files, as sha256sum does:
// a digest, two spaces and a name on each line.
//
//go:embed redoc.sha256
var recorded string

// vendored returns the files that are not ours and their digests.
func vendored() (map[string]string, error) {
	files := make(map[string]string)
	for line := range strings.Lines(recorded) {
		digest, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || len(digest) != 2*sha256.Size || name != filepath.Base(name) {
			return nil, fmt.Errorf("redoc.sha256: no digest and name: %q", line)
		}
		files[name] = digest
	}
	if files[renderer] == "" {
		return nil, fmt.Errorf("redoc.sha256 does not have %s", renderer)
	}
	return files, nil
}

// checkVendored compares the files in dir with the record of them.
func checkVendored(dir string) error {
	files, err := vendored()
	if err != nil {
		return err
	}
	for name, want := range files {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want {
			return fmt.Errorf("%s is not the file that was copied from the package: run templates/gen/docs/vendor", name)
		}
	}
	return nil
}
