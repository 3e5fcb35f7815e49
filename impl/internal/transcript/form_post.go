package transcript

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// checkForm compares the form of a page with a section: where it posts, and after an
// empty line every field that a browser would send.
func (h heard) checkForm(lines []string, v values) error {
	if len(lines) < 2 || lines[1] != "" {
		return errors.New("the section begins with a URI and an empty line")
	}
	action, fields, err := readForm(h.Body)
	if err != nil {
		return err
	}
	problems := []error{v.match(lines[0], action, true)}
	for _, line := range lines[2:] {
		p := parameter(line)
		values := fields[p.name]
		if len(values) > 1 {
			problems = append(problems, fmt.Errorf("the form has %s %d times", p.name, len(values)))
		}
		if err := v.match(p.value, strings.Join(values, ""), len(values) > 0); err != nil {
			problems = append(problems, fmt.Errorf("%s %w", p.name, err))
		}
		delete(fields, p.name)
	}
	for name, values := range fields {
		problems = append(problems, fmt.Errorf("the form has %s=%s", name, values))
	}
	return errors.Join(problems...)
}

// readForm reads the one form of a page: what it posts, and where.
func readForm(page string) (action string, fields map[string][]string, err error) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return "", nil, err
	}
	forms := 0
	fields = map[string][]string{}
	for n := range root.Descendants() {
		attributes := map[string]string{}
		for _, a := range n.Attr {
			attributes[a.Key] = a.Val
		}
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "form":
			forms++
			if action = attributes["action"]; attributes["method"] != "post" {
				return "", nil, fmt.Errorf("the form has method %q", attributes["method"])
			}
		case n.Data == "input" || n.Data == "button" && attributes["name"] != "":
			if attributes["type"] != "hidden" {
				return "", nil, fmt.Errorf("field %s is shown", attributes["name"])
			}
			fields[attributes["name"]] = append(fields[attributes["name"]], attributes["value"])
		}
	}
	if forms != 1 {
		return "", nil, fmt.Errorf("%d forms in %.300q", forms, page)
	}
	return action, fields, nil
}
