// Command matrix writes the conformance matrix, a page of the documentation's
// site, from the dispositions, and fails when one is not true. It builds without the
// server, so that the document can change before the server does.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/charterauth/charter/impl/internal/conformance"
)

func main() {
	module := flag.String("module", ".", "root of the module")
	flag.Parse()
	if err := write(*module); err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

func write(module string) error {
	v, err := conformance.Load(os.DirFS(module))
	if err != nil {
		return err
	}
	if faults := v.Check(conformance.InForce); len(faults) > 0 {
		return errors.New(strings.Join(faults, "\n"))
	}
	files, err := v.Matrix(conformance.InForce)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(module, "gen", "docs", name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
