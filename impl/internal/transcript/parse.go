package transcript

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/charterauth/charter/impl/internal/requirement"
)

// A Transcript is one conversation.
type Transcript struct {
	Name     string   // standard/file, without extension
	Proves   []string // requirement ids, in the order of the file
	Sentence string   // what is shown
	steps    []step
}

// A step is one section.
type step struct {
	kind, note string
	lines      []string
}

var kinds = []string{"server", "given", "request", "again", "answer", "response", "id_token", "jwt", "sign", "encrypt", "form", "state", "clock"}

// Load parses every transcript below a directory, in the order of their names.
// It fails for one that does not parse, proves nothing, proves an id that is not
// among the requirements, or has no request.
func Load(dir fs.FS, known map[string]requirement.Requirement) ([]Transcript, error) {
	files, err := fs.Glob(dir, "*/*.txtar")
	if err != nil {
		return nil, err
	}
	var all []Transcript
	var problems []error
	for _, file := range files {
		text, err := fs.ReadFile(dir, file)
		if err != nil {
			return nil, err
		}
		t, err := parse(strings.TrimSuffix(file, path.Ext(file)), text, known)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", file, err))
		}
		all = append(all, t)
	}
	return all, errors.Join(problems...)
}

// parse reads one file.
func parse(name string, text []byte, known map[string]requirement.Requirement) (Transcript, error) {
	archive := txtar.Parse(text)
	t := Transcript{Name: name}
	var err error
	if t.Proves, t.Sentence, err = requirement.Read(string(archive.Comment), known); err != nil {
		return t, err
	}
	for _, section := range archive.Files {
		kind, note, _ := strings.Cut(section.Name, ":")
		if !slices.Contains(kinds, kind) {
			return t, fmt.Errorf("section %q is of no known kind", section.Name)
		}
		body := strings.TrimRight(string(section.Data), "\n")
		t.steps = append(t.steps, step{kind, strings.TrimSpace(note), strings.Split(body, "\n")})
	}
	return t, t.checkOrder()
}

// checkOrder wants at least one request, and after everything that is sent what
// must come back.
func (t *Transcript) checkOrder() error {
	requests := 0
	for i, s := range t.steps {
		sends := s.kind == "request" || s.kind == "again" || s.kind == "answer"
		if sends && (i+1 == len(t.steps) || t.steps[i+1].kind != "response") {
			return fmt.Errorf("step %d, a %s, is not followed by its response", i+1, s.kind)
		}
		if s.kind == "response" && (i == 0 || !slices.Contains([]string{"request", "again", "answer"}, t.steps[i-1].kind)) {
			return fmt.Errorf("step %d is the response to nothing", i+1)
		}
		if s.kind == "server" && i > 0 {
			return fmt.Errorf("step %d configures a server that runs already", i+1)
		}
		if s.kind == "again" && requests == 0 {
			return fmt.Errorf("step %d repeats no request", i+1)
		}
		if s.kind == "request" {
			requests++
		}
	}
	if requests == 0 {
		return errors.New("there is no request")
	}
	return nil
}
