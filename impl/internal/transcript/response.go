package transcript

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/charterauth/charter/impl/internal/oracle"
)

// A heard is a response, read to its end.
type heard struct{ oracle.Answer }

// check compares a response with its section.
func (h heard) check(lines []string, v values) error {
	status, err := strconv.Atoi(lines[0])
	if err != nil {
		return fmt.Errorf("%q is no status", lines[0])
	}
	if status != h.Status {
		return fmt.Errorf("status %d, want %d: %.400s", h.Status, status, h.Body)
	}
	end := slices.Index(lines, "")
	if end < 0 {
		end = len(lines)
	}
	problems := []error{h.checkHeaders(lines[1:end], v)}
	if end < len(lines) {
		problems = append(problems, h.checkBody(lines[end+1:], v))
	}
	return errors.Join(problems...)
}

func (h heard) checkHeaders(lines []string, v values) error {
	var problems []error
	for i, line := range lines {
		if strings.HasPrefix(line, "?") {
			continue // belongs to the Location before it
		}
		f := headerLine.FindStringSubmatch(line)
		if f == nil {
			problems = append(problems, fmt.Errorf("%q is no header", line))
			continue
		}
		got, there := strings.Join(h.Header.Values(f[1]), ", "), len(h.Header.Values(f[1])) > 0
		if f[1] == "Location" && i+1 < len(lines) && strings.HasPrefix(lines[i+1], "?") {
			problems = append(problems, checkLocation(f[2], got, lines[i+1:], v))
			continue
		}
		if err := v.match(f[2], got, there); err != nil {
			problems = append(problems, fmt.Errorf("%s %w", f[1], err))
		}
	}
	return errors.Join(problems...)
}

// checkLocation wants a redirect to a URI with these query parameters, each once
// and no others.
func checkLocation(uri, got string, lines []string, v values) error {
	to, err := url.Parse(got)
	if err != nil {
		return err
	}
	query, err := url.ParseQuery(to.RawQuery)
	if err != nil {
		return err
	}
	before, _, _ := strings.Cut(got, "?")
	problems := []error{}
	if err := v.match(uri, before, got != ""); err != nil {
		problems = append(problems, fmt.Errorf("Location %w", err))
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "?") {
			break
		}
		p := parameter(line[1:])
		if len(query[p.name]) > 1 {
			problems = append(problems, fmt.Errorf("Location has %s %d times", p.name, len(query[p.name])))
		}
		if err := v.match(p.value, query.Get(p.name), query.Has(p.name)); err != nil {
			problems = append(problems, fmt.Errorf("Location: %s %w", p.name, err))
		}
		query.Del(p.name)
	}
	for name := range query {
		problems = append(problems, fmt.Errorf("Location has %s=%s", name, query.Get(name)))
	}
	return errors.Join(problems...)
}

var memberLine = regexp.MustCompile(`^([A-Za-z_0-9#-]+): (.*)$`)

// checkBody compares the members of a JSON object. "nothing else" closes the
// list, "empty" is no body at all, and "without" names what no part of the body
// may be.
func (h heard) checkBody(lines []string, v values) error {
	if slices.Equal(lines, []string{"empty"}) {
		if h.Body != "" {
			return fmt.Errorf("body %q, want none", h.Body)
		}
		return nil
	}
	var members map[string]json.RawMessage
	var problems []error
	listed := map[string]bool{}
	for _, line := range lines {
		if secret, ok := strings.CutPrefix(line, "without "); ok {
			filled, err := v.fill(secret)
			if err == nil && strings.Contains(h.Body, filled) {
				err = fmt.Errorf("the body has %s", secret)
			}
			problems = append(problems, err)
			continue
		}
		if members == nil {
			if err := json.Unmarshal([]byte(h.Body), &members); err != nil {
				return fmt.Errorf("body %.200q: %w", h.Body, err)
			}
		}
		if line == "nothing else" {
			for name, value := range members {
				if !listed[name] {
					problems = append(problems, fmt.Errorf("member %s is %s, want none", name, value))
				}
			}
			continue
		}
		f := memberLine.FindStringSubmatch(line)
		if f == nil {
			problems = append(problems, fmt.Errorf("%q is no member", line))
			continue
		}
		listed[f[1]] = true
		if err := matchMember(f[2], members[f[1]], v); err != nil {
			problems = append(problems, fmt.Errorf("member %s %w", f[1], err))
		}
	}
	return errors.Join(problems...)
}

// matchMember compares a member: with a JSON value, or, for text, with a pattern
// that is written without quotes.
func matchMember(pattern string, raw json.RawMessage, v values) error {
	if raw == nil || pattern == "absent" || pattern == "*" {
		return v.match(pattern, string(raw), raw != nil)
	}
	var want, got any
	if err := json.Unmarshal(raw, &got); err != nil {
		return err
	}
	if filled, err := v.fill(pattern); err == nil && json.Unmarshal([]byte(filled), &want) == nil {
		if !reflect.DeepEqual(want, got) {
			return fmt.Errorf("is %s, want %s", raw, pattern)
		}
		return nil
	}
	if list, ok := got.([]any); ok && strings.HasPrefix(pattern, "has ") {
		item, err := v.fill(strings.TrimPrefix(pattern, "has "))
		if err == nil && !slices.Contains(list, any(item)) {
			err = fmt.Errorf("is %s, want it to have %s", raw, item)
		}
		return err
	}
	text, ok := got.(string)
	if !ok {
		text = string(raw)
	}
	return v.match(pattern, text, true)
}
