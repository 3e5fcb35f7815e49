package conformance

import (
	"bytes"
	"embed"
	"html/template"
	"strings"

	"github.com/charterauth/charter/impl/internal/requirement"
)

//go:embed page
var page embed.FS

// source is where the files of the module are shown.
const source = "https://github.com/charterauth/charter/blob/main/"

// A matrix is what the page shows.
type matrix struct {
	Total     int
	Documents []matrixDocument
}

type matrixDocument struct {
	Title, Anchor                      string
	Proven, NotApplicable, Divergences int
	Rows                               []matrixRow
}

type matrixRow struct {
	ID, Section, Level, Text string
	Kind                     Kind
	Class, Label, Why        string
	Proofs                   []matrixProof
}

type matrixProof struct{ Name, URL string }

// Matrix returns the files of the page, by name: the dispositions of the documents
// in force, each proof with a link to its file.
func (v Inventory) Matrix(inForce []string) (map[string][]byte, error) {
	t, err := template.ParseFS(page, "page/conformance.html.tmpl")
	if err != nil {
		return nil, err
	}
	var html bytes.Buffer
	if err := t.Execute(&html, v.matrix(inForce)); err != nil {
		return nil, err
	}
	css, err := page.ReadFile("page/conformance.css")
	return map[string][]byte{"conformance.html": html.Bytes(), "conformance.css": css}, err
}

func (v Inventory) matrix(inForce []string) matrix {
	files := map[string]string{}
	for _, p := range v.Proofs {
		files[p.Name] = p.File
	}
	var m matrix
	for _, document := range inForce {
		dispositions := map[string]Disposition{}
		for _, d := range v.Dispositions[document] {
			dispositions[d.ID] = d
		}
		shown := matrixDocument{Anchor: strings.ToLower(document)}
		for _, r := range v.of(document) {
			if shown.Title == "" {
				shown.Title = title(r.Document)
			}
			shown.add(r, dispositions[r.ID], files)
		}
		m.Total += len(shown.Rows)
		m.Documents = append(m.Documents, shown)
	}
	return m
}

// add adds a row, and counts it.
func (m *matrixDocument) add(r requirement.Requirement, d Disposition, files map[string]string) {
	row := matrixRow{ID: r.ID, Section: r.Section, Level: strings.TrimSuffix(r.Level, "-with-behaviour"), Text: r.Text, Kind: d.Kind, Why: d.Text}
	switch d.Kind {
	case Proven:
		m.Proven++
		for _, name := range d.Proofs {
			row.Proofs = append(row.Proofs, matrixProof{name, source + files[name]})
		}
	case NotApplicable:
		m.NotApplicable++
		row.Class, row.Label = "other", "Not applicable"
	case Divergence:
		m.Divergences++
		row.Class, row.Label = "divergence", "Divergence"
	}
	m.Rows = append(m.Rows, row)
}

// title is the name of a document without the date of the copy that was read. The
// pages of MCP are shown as one.
func title(document string) string {
	name, _, _ := strings.Cut(document, " (")
	if strings.HasPrefix(name, "MCP Authorization") {
		return "MCP authorization and its extensions"
	}
	if name == "draft-ietf-oauth-v2-1" {
		return "OAuth 2.1 (" + name + ")"
	}
	return name
}
