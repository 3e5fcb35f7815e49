package main

import (
	"bytes"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"go/format"
	htmltemplate "html/template"
	"maps"
	"slices"
	"text/template"

	"go.yaml.in/yaml/v3"
)

// page holds what the site is made from beside the document.
//
//go:embed page
var page embed.FS

// policy lets the page load what is beside it and nothing else. The renderer
// makes <style> elements, and a worker for the search from a blob.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'"

// framePolicy is effective in a header only: in a meta element browsers ignore
// it, and complain (CSP 3 §3.3).
const framePolicy = "frame-ancestors 'none'"

// A view is what the templates of the page show.
type view struct {
	Title        string
	Policy       string // for the meta element
	HeaderPolicy string
	Renderer     string
	Integrity    string // of the renderer (SRI §3.5)
	Vendored     []string
}

// site returns the generated files by name.
func site(document, rendererScript []byte) (map[string][]byte, error) {
	v, err := newView(document, rendererScript)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"openapi.yaml": document}
	if files["reference.yaml"], err = annotate(document); err != nil {
		return nil, err
	}
	if files["index.html"], err = v.index(); err != nil {
		return nil, err
	}
	if files["docs.gen.go"], err = v.source(); err != nil {
		return nil, err
	}
	for _, name := range []string{"start.js", "style.css"} {
		if files[name], err = page.ReadFile("page/" + name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func newView(document, rendererScript []byte) (*view, error) {
	var d struct {
		Info struct{ Title string }
	}
	if err := yaml.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	if d.Info.Title == "" {
		return nil, errors.New("info.title is missing")
	}
	files, err := vendored()
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum384(rendererScript)
	return &view{
		Title:        d.Info.Title,
		Policy:       policy,
		HeaderPolicy: policy + "; " + framePolicy,
		Renderer:     renderer,
		Integrity:    "sha384-" + base64.StdEncoding.EncodeToString(sum[:]),
		Vendored:     slices.Sorted(maps.Keys(files)),
	}, nil
}

func (v *view) index() ([]byte, error) {
	t, err := htmltemplate.ParseFS(page, "page/index.html.tmpl")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, v)
	return out.Bytes(), err
}

func (v *view) source() ([]byte, error) {
	t, err := template.ParseFS(page, "page/docs.go.tmpl")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, v); err != nil {
		return nil, err
	}
	source, err := format.Source(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("docs.go.tmpl: %w", err)
	}
	return source, nil
}
