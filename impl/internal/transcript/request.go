package transcript

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A pair is one parameter or header line.
type pair struct{ name, value string }

// A message is a request as it is written: placeholders not filled yet.
type message struct {
	method, path  string
	query, header []pair
	form          []pair
	document      string // a JSON object instead of a form
}

var headerLine = regexp.MustCompile(`^([A-Z][A-Za-z-]*): ?(.*)$`)

// readMessage reads a request section.
func readMessage(lines []string) (message, error) {
	var m message
	var ok bool
	if m.method, m.path, ok = strings.Cut(lines[0], " "); !ok {
		return m, fmt.Errorf("%q is not a method and a path", lines[0])
	}
	return m, m.change(lines[1:])
}

// change applies the lines of a request, or of a repetition of one.
func (m *message) change(lines []string) error {
	m.query, m.header, m.form = slices.Clone(m.query), slices.Clone(m.header), slices.Clone(m.form)
	set := map[string]bool{} // what these lines have set: the first replaces, others repeat
	for i, line := range lines {
		switch {
		case line == "":
		case strings.HasPrefix(line, `{"`) || line == "{" || line == "{}":
			m.document = strings.Join(lines[i:], "\n")
			return nil
		case strings.HasPrefix(line, "POST ") || strings.HasPrefix(line, "GET ") || strings.HasPrefix(line, "PUT ") || strings.HasPrefix(line, "DELETE "):
			m.method, m.path, _ = strings.Cut(line, " ")
		case headerLine.MatchString(line):
			f := headerLine.FindStringSubmatch(line)
			m.header = put(m.header, pair{f[1], f[2]}, set, "header ")
		case strings.HasPrefix(line, "-?"):
			m.query = without(m.query, line[2:])
		case strings.HasPrefix(line, "-") && strings.HasSuffix(line, ":"):
			m.header = without(m.header, line[1:len(line)-1])
		case strings.HasPrefix(line, "-"):
			m.form = without(m.form, line[1:])
		case strings.HasPrefix(line, "+?"):
			m.query = append(m.query, parameter(line[2:]))
		case strings.HasPrefix(line, "+"):
			m.form = append(m.form, parameter(line[1:]))
		case strings.HasPrefix(line, "?"):
			m.query = put(m.query, parameter(line[1:]), set, "query ")
		case strings.Contains(line, "="):
			m.form = put(m.form, parameter(line), set, "form ")
		default:
			return fmt.Errorf("%q is no line of a request", line)
		}
	}
	return nil
}

func parameter(line string) pair {
	name, value, _ := strings.Cut(line, "=")
	return pair{name, value}
}

func without(list []pair, name string) []pair {
	return slices.DeleteFunc(slices.Clone(list), func(p pair) bool { return p.name == name })
}

// put replaces the pairs of a name, the first time that lines set it.
func put(list []pair, p pair, set map[string]bool, where string) []pair {
	if !set[where+p.name] {
		at := slices.IndexFunc(list, func(q pair) bool { return q.name == p.name })
		list, set[where+p.name] = without(list, p.name), true
		if at >= 0 {
			return slices.Insert(list, at, p)
		}
	}
	return append(list, p)
}

// request makes what is sent. A path may be a URL of the issuer, as clients find
// it in metadata.
func (m message) request(v values, issuerOrigin string) (*http.Request, error) {
	path, err := v.fill(m.path)
	if err != nil {
		return nil, err
	}
	query, err := encode(m.query, v)
	if err != nil {
		return nil, err
	}
	if query != "" {
		path += "?" + query
	}
	body, contentType := "", ""
	if m.document != "" {
		body, err = v.fill(m.document)
		contentType = "application/json"
	} else if m.method == http.MethodPost {
		body, err = encode(m.form, v)
		contentType = "application/x-www-form-urlencoded"
	}
	if err != nil {
		return nil, err
	}
	// The server stands behind a proxy that ends TLS, as most do.
	target := "http" + strings.TrimPrefix(issuerOrigin, "https") + strings.TrimPrefix(path, issuerOrigin)
	if rest, ok := strings.CutPrefix(path, "https://"); ok && !strings.HasPrefix(path, issuerOrigin) {
		target = "http://" + rest // a protected resource
	}
	r, err := http.NewRequest(m.method, target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r, setHeaders(r, m.header, v)
}

func setHeaders(r *http.Request, header []pair, v values) error {
	replaced := map[string]bool{}
	for _, h := range header {
		value, err := v.fill(h.value)
		if err != nil {
			return err
		}
		if h.name == "Authorization" {
			value = basic(value)
		}
		if !replaced[h.name] {
			r.Header.Del(h.name)
			replaced[h.name] = true
		}
		r.Header.Add(h.name, value)
	}
	return nil
}

// basic encodes "Basic id:secret" as RFC 6749 §2.3.1 asks; everything else is
// sent as it is written.
func basic(value string) string {
	rest, isBasic := strings.CutPrefix(value, "Basic ")
	id, secret, readable := strings.Cut(rest, ":")
	if !isBasic || !readable {
		return value
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// encode writes parameters in their order.
func encode(list []pair, v values) (string, error) {
	var parts []string
	for _, p := range list {
		value, err := v.fill(p.value)
		if err != nil {
			return "", err
		}
		parts = append(parts, url.QueryEscape(p.name)+"="+url.QueryEscape(value))
	}
	return strings.Join(parts, "&"), nil
}
