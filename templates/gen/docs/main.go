// Command docs makes the static site of the API's documentation in gen/docs
// from openapi.yaml. It owns every file there but the conformance matrix, which
// impl/internal/conformance/matrix writes, and the three of redoc, which
// ./vendor copies from the package that package-lock.json pins; it refuses to
// run when one of those is not what redoc.sha256 says. It knows nothing of what
// the document describes but the standards that x-spec names.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("o", "gen/docs", "directory of the site, with redoc in it")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: docs [-o DIR] openapi.yaml")
		os.Exit(2)
	}
	if err := generate(*out, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

// generate writes the site of the document at path into dir.
func generate(dir, path string) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := checkVendored(dir); err != nil {
		return err
	}
	renderer, err := os.ReadFile(filepath.Join(dir, renderer))
	if err != nil {
		return err
	}
	files, err := site(document, renderer)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
