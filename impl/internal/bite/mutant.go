package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// A mutant is one change of one function, switched on by its number.
type mutant struct {
	id      int
	pkg     string // impl/server
	fn      string // (*Server).Token, or the name of a package's variable
	kind    string // one of doc.go's
	text    string // the source that is changed, on one line
	file    string // below the module's root
	line    int
	version string // of the function's source: a kept result is about this text

	reached map[*program][]*test // who executes it
}

// key names a mutant across changes of the lines around it.
func (m *mutant) key() string {
	return strings.Join([]string{m.pkg, m.fn, m.kind, m.text}, "\t")
}

// maxText bounds the text in a key, in bytes.
const maxText = 200

// A source is a file while its mutants are made: text is spliced in at offsets,
// no line is added, and so positions in failures stay true.
type source struct {
	set     *token.FileSet
	text    []byte
	before  map[int][]string // insertions at an offset, outermost first
	after   map[int][]string // insertions behind an expression, innermost first
	instead map[int]string   // replaces the keyword at an offset
	mutants *[]*mutant
	pkg     string
	file    string
	fn      string
	version string
	seen    map[string]int // keys, to number those that are alike
}

// add makes the next mutant, of the source between two positions.
func (s *source) add(kind string, from, to token.Pos) int {
	return s.addText(kind, from, string(s.text[s.offset(from):s.offset(to)]))
}

// addText makes the next mutant, of a text that the source only implies.
func (s *source) addText(kind string, from token.Pos, text string) int {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxText {
		text = text[:maxText] + "…"
	}
	m := &mutant{id: len(*s.mutants) + 1, pkg: s.pkg, fn: s.fn, kind: kind, text: text, file: s.file, version: s.version,
		line: s.set.Position(from).Line, reached: make(map[*program][]*test)}
	key := m.key()
	if s.seen[key]++; s.seen[key] > 1 {
		m.text += fmt.Sprintf(" #%d", s.seen[key])
	}
	*s.mutants = append(*s.mutants, m)
	return m.id
}

func (s *source) offset(p token.Pos) int { return s.set.Position(p).Offset }

// wrap puts text around an expression or statement. Of two that begin together
// the one that is wrapped first is the outer one.
func (s *source) wrap(n ast.Node, before, after string) {
	from, to := s.offset(n.Pos()), s.offset(n.End())
	s.before[from] = append(s.before[from], before)
	s.after[to] = append([]string{after}, s.after[to]...)
}

// spliced returns the file with everything put in.
func (s *source) spliced() []byte {
	var out strings.Builder
	for i := 0; i <= len(s.text); i++ {
		for _, text := range s.after[i] {
			out.WriteString(text)
		}
		for _, text := range s.before[i] {
			out.WriteString(text)
		}
		if i == len(s.text) {
			break
		}
		if text, ok := s.instead[i]; ok {
			word := string(s.text[i:])
			word = word[:strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' })]
			out.WriteString(text)
			i += len(word) - 1
			continue
		}
		out.WriteByte(s.text[i])
	}
	return []byte(out.String())
}

// mutateFile adds the mutants of one file and returns its new text.
func mutateFile(root, pkg, path string, mutants *[]*mutant, seen map[string]int) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	relative, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	s := &source{set: set, text: text, before: map[int][]string{}, after: map[int][]string{}, instead: map[int]string{},
		mutants: mutants, pkg: pkg, file: filepath.ToSlash(relative), seen: seen}
	for _, d := range parsed.Decls {
		sum := sha256.Sum256(text[s.offset(d.Pos()):s.offset(d.End())])
		s.version = hex.EncodeToString(sum[:6])
		s.declaration(d)
	}
	return s.spliced(), nil
}

// declaration makes the mutants of a function, or of the function literals and
// SQL statements in a package's variables and constants.
func (s *source) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Body == nil {
			return
		}
		s.fn = d.Name.Name
		if d.Recv != nil {
			t := d.Recv.List[0].Type
			s.fn = "(" + string(s.text[s.offset(t.Pos()):s.offset(t.End())]) + ")." + s.fn
		}
		s.function(d.Type, d.Body)
	case *ast.GenDecl:
		if d.Tok != token.VAR && d.Tok != token.CONST {
			return
		}
		statements := false
		for _, spec := range d.Specs {
			spec := spec.(*ast.ValueSpec)
			s.fn = spec.Names[0].Name
			for _, value := range spec.Values {
				if d.Tok == token.VAR {
					ast.Inspect(value, s.visit)
				} else if s.where(value) {
					statements = true
				}
			}
		}
		if statements { // a constant cannot depend on the mutant
			s.instead[s.offset(d.Pos())] = "var"
		}
	}
}
