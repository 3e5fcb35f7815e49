package interact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/charterauth/charter/impl/server"
)

// wordsFile has, in the directory of a language, the texts that are not in the
// templates: a JSON object from each English text to that in the language.
const wordsFile = "words.json"

var (
	languageTag  = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`) // RFC 5646 §2.1, as far as pages need it
	htmlLanguage = regexp.MustCompile(`<html[^>]*\slang="([^"{]+)"`)
)

// A translation is the pages in one language.
type translation struct {
	tag string
	*painter
}

// translations reads the directories of own that are named by a language tag, as
// de or pt-BR. Each has every page, and layout.html says its language; the style
// sheet is that of all.
func translations(own fs.FS, base *painter) ([]translation, error) {
	if own == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(own, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // one that cannot be listed has files, and no languages
	}
	if err != nil {
		return nil, err
	}
	var all []translation
	var problems []error
	for _, entry := range entries {
		if !entry.IsDir() || !languageTag.MatchString(entry.Name()) {
			continue
		}
		p, err := newTranslation(own, entry.Name(), base)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", entry.Name(), err))
			continue
		}
		all = append(all, translation{entry.Name(), p})
	}
	return all, errors.Join(problems...)
}

func newTranslation(own fs.FS, tag string, base *painter) (*painter, error) {
	dir, err := fs.Sub(own, tag)
	if err != nil {
		return nil, err
	}
	words := map[string]string{}
	b, err := fs.ReadFile(dir, wordsFile)
	if err == nil {
		err = json.Unmarshal(b, &words)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", wordsFile, err)
	}
	p := &painter{frame: base.frame, style: base.style, words: words}
	if err := p.read(dir); err != nil {
		return nil, err
	}
	if p.language != tag {
		return nil, fmt.Errorf("%s says lang=%q", layoutFile, p.language)
	}
	return p, nil
}

// languages are those of the pages, that of the pages without a directory first.
func (p *painter) languages() []string {
	var all []string
	if p.language != "" {
		all = append(all, p.language)
	}
	for _, t := range p.translations {
		all = append(all, t.tag)
	}
	return all
}

// in returns the pages in the first of the languages that there is: RFC 4647 §3.4,
// by which pt is good for who asks for pt-BR.
func (p *painter) in(wanted []string) *painter {
	for _, tag := range wanted {
		for tag != "" {
			if strings.EqualFold(tag, p.language) {
				return p
			}
			i := slices.IndexFunc(p.translations, func(t translation) bool { return strings.EqualFold(t.tag, tag) })
			if i >= 0 {
				return p.translations[i].painter
			}
			tag = tag[:max(strings.LastIndexByte(tag, '-'), 0)]
		}
	}
	return p
}

// paintedFor returns the pages in one of the languages that are wanted (ui_locales,
// OpenID Connect Core §3.1.2.1), or else that the browser wants.
func (p *pages) paintedFor(r *http.Request, wanted []string) *painter {
	if len(p.painter.translations) == 0 {
		return p.painter
	}
	return p.painter.in(append(wanted, acceptedLanguages(r)...))
}

// wantedLocales are those of a request to sign out, which may be none.
func wantedLocales(asked *server.PendingLogout) []string {
	if asked == nil {
		return nil
	}
	return asked.UILocales()
}

// maxAccepted bounds what of a header is looked at.
const maxAccepted = 16

// acceptedLanguages returns the languages of Accept-Language (RFC 9110 §12.5.4),
// best first.
func acceptedLanguages(r *http.Request) []string {
	type ranged struct {
		tag     string
		quality float64
	}
	var all []ranged
	for i, part := range strings.SplitN(r.Header.Get("Accept-Language"), ",", maxAccepted+1) {
		tag, parameter, _ := strings.Cut(strings.TrimSpace(part), ";")
		quality := 1.0
		if value, found := strings.CutPrefix(strings.TrimSpace(parameter), "q="); found {
			var err error
			if quality, err = strconv.ParseFloat(value, 64); err != nil {
				continue
			}
		}
		if i < maxAccepted && languageTag.MatchString(tag) && quality > 0 {
			all = append(all, ranged{tag, quality})
		}
	}
	slices.SortStableFunc(all, func(a, b ranged) int {
		switch {
		case a.quality > b.quality:
			return -1
		case a.quality < b.quality:
			return 1
		}
		return 0
	})
	tags := make([]string, len(all))
	for i, r := range all {
		tags[i] = r.tag
	}
	return tags
}
