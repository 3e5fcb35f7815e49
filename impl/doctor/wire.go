package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	maxBody      = 1 << 20
	maxRedirects = 5
	timeout      = 10 * time.Second
)

// An answer is what came back.
type answer struct {
	url    string // after redirects
	status int
	header http.Header
	body   []byte
}

// members returns the body as a JSON object, or nil.
func (a *answer) members() members {
	var m members
	if json.Unmarshal(a.body, &m) != nil {
		return nil
	}
	return m
}

// media is the media type without parameters.
func (a *answer) media() string {
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// text says in a line what came back, with the error that a JSON body names.
func (a *answer) text() string {
	line := fmt.Sprintf("%d %s", a.status, a.media())
	m := a.members()
	if code := m.text("error"); code != "" {
		line += " " + code
		if d := m.text("error_description"); d != "" {
			line += ": " + d
		}
	}
	if to := a.header.Get("Location"); to != "" {
		line += " to " + to
	}
	return printable(strings.TrimSpace(line))
}

// members are a JSON object's.
type members map[string]any

func (m members) text(name string) string { v, _ := m[name].(string); return v }
func (m members) flag(name string) bool   { v, _ := m[name].(bool); return v }

// texts returns a list of strings; what is none is left out.
func (m members) texts(name string) []string {
	list, _ := m[name].([]any)
	var texts []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// nulls names the members that are null.
func (m members) nulls() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if m[name] == nil {
			names = append(names, name)
		}
	}
	return names
}

// A call is a request to send.
type call struct {
	method, url string
	header      map[string]string
	body        string
}

// send does one exchange and notes it for the result under way. It follows no
// redirect.
func (s *session) send(ctx context.Context, c call) (*answer, error) {
	s.requested = printable(c.method + " " + c.url)
	a, err := s.exchange(ctx, s.http, c)
	if err != nil {
		s.returned = printable(err.Error())
		return nil, err
	}
	s.returned = a.text()
	return a, nil
}

// get is send with a GET that follows redirects, as clients fetch documents.
func (s *session) get(ctx context.Context, target string) (*answer, error) {
	header := maps.Clone(s.client.Headers)
	if header == nil {
		header = map[string]string{}
	}
	if s.client.Origin != "" {
		header["Origin"] = s.client.Origin
	}
	for range maxRedirects {
		a, err := s.send(ctx, call{method: http.MethodGet, url: target, header: header})
		if err != nil || a.status < 300 || a.status > 399 || a.header.Get("Location") == "" {
			return a, err
		}
		if target, err = resolve(target, a.header.Get("Location")); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("too many redirects")
}

// exchange sends nothing to this machine on the word of a server elsewhere: what
// listens on loopback may trust whoever comes from there.
func (s *session) exchange(ctx context.Context, client *http.Client, c call) (*answer, error) {
	if onLoopback(c.url) && !onLoopback(s.target) {
		return nil, fmt.Errorf("%.100q is on the loopback interface, which no server elsewhere can mean", c.url)
	}
	return exchange(ctx, client, c)
}

func exchange(ctx context.Context, client *http.Client, c call) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if _, err := parse(c.url); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, c.method, c.url, strings.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "charter-doctor")
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	a := &answer{url: c.url, status: res.StatusCode, header: res.Header}
	if a.media() == "text/event-stream" {
		return a, nil // it may never end
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	a.body = bytes.TrimSpace(body)
	return a, err
}

// parse admits absolute http and https URLs with a host.
func parse(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("%.100q is no http or https URL", raw)
	}
	return u, nil
}

// onLoopback reports whether a URL names this machine.
func onLoopback(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func resolve(base, reference string) (string, error) {
	b, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u, err := b.Parse(reference)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// printable keeps a server from writing to the terminal of whoever asks.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > 400 {
		return string(runes[:400]) + "…"
	}
	return s
}
