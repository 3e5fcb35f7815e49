package interact

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
)

// The files of a set of pages. Every page is layout.html with the page's own
// "title" and "main".
const (
	layoutFile    = "layout.html"
	loginFile     = "login.html"
	signUpFile    = "sign_up.html"
	accountsFile  = "accounts.html"
	consentFile   = "consent.html"
	appsFile      = "apps.html"
	logoutFile    = "logout.html"
	signedOutFile = "signed_out.html"
	errorFile     = "error.html"
	styleFile     = "style.css"
)

// A painter makes pages from templates and the views in view.go. html/template
// escapes what the views hold by the place that it stands in.
type painter struct {
	frame frame
	pages map[string]*template.Template
	style string

	language     string            // that layout.html says; "" where it says none
	words        map[string]string // what the template function say says in place of a text
	translations []translation
}

// A frame is what the layout of every page needs.
type frame struct {
	Service string       // the name of this server
	Style   template.CSS // the style sheet, as its hash in the policy has it
}

// newPainter reads the pages of own, and those that own has not from builtIn, and
// the languages of own. own may be nil. Templates that cannot be read, parsed or
// executed are errors now, not when the first person sees them.
func newPainter(builtIn, own fs.FS, service string) (*painter, error) {
	style, err := readPage(builtIn, own, styleFile)
	p := &painter{style: style, frame: frame{service, template.CSS(style)}} // the operator's own file
	if err := errors.Join(err, p.read(builtIn, own)); err != nil {
		return nil, err
	}
	p.translations, err = translations(own, p)
	return p, err
}

// read reads every page, each from the last of places that has it.
func (p *painter) read(places ...fs.FS) error {
	builtIn, own := places[0], places[len(places)-1]
	layout, err := readPage(builtIn, own, layoutFile)
	problems := []error{err}
	if m := htmlLanguage.FindStringSubmatch(layout); m != nil {
		p.language = m[1]
	}
	p.pages = map[string]*template.Template{}
	for name, example := range p.examples() {
		text, err := readPage(builtIn, own, name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		page, err := p.parsePage(layout, name, text)
		if err == nil {
			p.pages[name] = page
			_, err = p.paint(name, example)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// examples are a view of each page.
func (p *painter) examples() map[string]any {
	return map[string]any{
		loginFile:     loginView{frame: p.frame},
		signUpFile:    signUpView{frame: p.frame},
		accountsFile:  accountsView{frame: p.frame, Accounts: []accountView{{}}},
		consentFile:   consentView{frame: p.frame, Scopes: []scopeView{{}}, Resources: []resourceView{{}}},
		appsFile:      appsView{frame: p.frame, Apps: []appView{{Access: []accessView{{Resources: []resourceView{{}}, Scopes: []scopeView{{}}}}}}},
		logoutFile:    logoutView{frame: p.frame, Accounts: []accountView{{}}},
		signedOutFile: signedOutView{frame: p.frame, Frames: []logoutFrameView{{}}},
		errorFile:     errorView{frame: p.frame},
	}
}

func readPage(builtIn, own fs.FS, name string) (string, error) {
	if own != nil {
		b, err := fs.ReadFile(own, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return string(b), err
		}
	}
	b, err := fs.ReadFile(builtIn, name)
	return string(b), err
}

// parsePage parses a page over the layout. A name in a template that its view
// has not is an error, never an empty place.
func (p *painter) parsePage(layout, name, text string) (*template.Template, error) {
	page, err := template.New(layoutFile).Option("missingkey=error").Funcs(template.FuncMap{"say": p.say}).Parse(layout)
	if err != nil {
		return nil, err
	}
	if _, err := page.New(name).Parse(text); err != nil {
		return nil, err
	}
	return page, nil
}

// say returns a text in the language of the pages, or as it is.
func (p *painter) say(text string) string {
	if said, ok := p.words[text]; ok {
		return said
	}
	return text
}

// paint returns the page made of view. It is whole or not at all: nothing is
// sent before it is known to be right.
func (p *painter) paint(page string, view any) ([]byte, error) {
	var b bytes.Buffer
	if err := p.pages[page].ExecuteTemplate(&b, "layout", view); err != nil {
		return nil, fmt.Errorf("page %s: %w", page, err)
	}
	return b.Bytes(), nil
}

// policy returns the Content-Security-Policy of a page whose forms may be sent
// to the given sources.
func (p *painter) policy(formAction ...string) string {
	return contentSecurityPolicy(p.style, formAction...)
}
