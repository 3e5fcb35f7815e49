package transcript

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// values are what a transcript knows by name.
type values map[string]string

var placeholder = regexp.MustCompile(`\{([a-z][a-z0-9_.]*)\}`)

// fill replaces every {name}; one that is not known is an error, since a request
// with it would be refused for the wrong reason.
func (v values) fill(text string) (string, error) {
	var unknown error
	filled := placeholder.ReplaceAllStringFunc(text, func(p string) string {
		value, ok := v[p[1:len(p)-1]]
		if !ok {
			unknown = fmt.Errorf("%s is not known yet", p)
		}
		return value
	})
	return filled, unknown
}

// match compares a value with what is expected of it and learns the names that
// are new. The pattern is text with {names} and *; or one of absent and !{name}. * alone
// is any text but none.
func (v values) match(pattern, got string, there bool) error {
	if pattern == "absent" {
		if there {
			return fmt.Errorf("is %q, want none", got)
		}
		return nil
	}
	if !there {
		return fmt.Errorf("is absent, want %s", pattern)
	}
	if pattern == "*" {
		if got == "" {
			return errors.New("is empty")
		}
		return nil
	}
	if other, ok := strings.CutPrefix(pattern, "!"); ok && placeholder.MatchString(other) {
		filled, err := v.fill(other)
		if err == nil && filled == got {
			err = fmt.Errorf("is %s, which it must not be", other)
		}
		return err
	}
	return v.matchText(pattern, got)
}

func (v values) matchText(pattern, got string) error {
	var expression strings.Builder
	var learned []string
	expression.WriteString(`(?s)^`)
	literal := func(text string) {
		expression.WriteString(strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, `.*`))
	}
	rest := pattern
	for _, at := range placeholder.FindAllStringSubmatchIndex(pattern, -1) {
		literal(pattern[len(pattern)-len(rest) : at[0]])
		name := pattern[at[2]:at[3]]
		if known, ok := v[name]; ok {
			expression.WriteString(regexp.QuoteMeta(known))
		} else {
			expression.WriteString(`(.+?)`)
			learned = append(learned, name)
		}
		rest = pattern[at[1]:]
	}
	literal(rest)
	expression.WriteString(`$`)
	groups := regexp.MustCompile(expression.String()).FindStringSubmatch(got)
	if groups == nil {
		return fmt.Errorf("is %q, want %s", got, pattern)
	}
	for i, name := range learned {
		v[name] = groups[i+1]
	}
	return nil
}
