package fetch

import (
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How long a document is kept. CIMD §4.4 lets a server set bounds of its own.
const (
	minFresh     = time.Minute // below it a document's author could make us fetch at will
	maxFresh     = 24 * time.Hour
	defaultFresh = 5 * time.Minute // when the headers say nothing
)

// readDocument takes a 200 that was not encoded and fits.
func (c *Client) readDocument(resp *http.Response) (Document, error) {
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode <= 399:
		return Document{}, &Error{Reason: "redirect"}
	case resp.StatusCode != http.StatusOK:
		return Document{}, &Error{Reason: "status"}
	case !c.takes(resp.Header.Values("Content-Type")):
		return Document{}, &Error{Reason: "type"}
	case len(resp.Header.Values("Content-Encoding")) > 0: // none was asked for
		return Document{}, &Error{Reason: "encoding"}
	case resp.ContentLength > maxBody:
		return Document{}, &Error{Reason: "too_large"}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return Document{}, &Error{Reason: "body", cause: err}
	case len(body) > maxBody:
		return Document{}, &Error{Reason: "too_large"}
	}
	now := c.now()
	return Document{Body: body, FetchedAt: now, ExpiresAt: now.Add(freshFor(resp.Header, now))}, nil
}

// accept is what the client asks for.
func (c *Client) accept() string {
	if len(c.types) == 0 {
		return "application/json"
	}
	return strings.Join(c.types, ", ")
}

// takes admits JSON, application/json or application/…+json (RFC 6839 §3.1), or
// else the media types of the configuration.
func (c *Client) takes(values []string) bool {
	if len(values) != 1 {
		return false
	}
	mediaType, params, err := mime.ParseMediaType(values[0])
	if err != nil {
		return false
	}
	if charset, found := params["charset"]; found && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	if len(c.types) > 0 {
		return slices.Contains(c.types, mediaType)
	}
	subtype, ok := strings.CutPrefix(mediaType, "application/")
	return ok && (subtype == "json" || strings.HasSuffix(subtype, "+json"))
}

// freshFor returns how long a response may be kept (RFC 9111 §4.2.1 for a private
// cache), between minFresh and maxFresh, or zero when it says not to.
func freshFor(h http.Header, now time.Time) time.Duration {
	life, said, forbidden := cacheControl(h.Values("Cache-Control"))
	if forbidden || said && life <= 0 {
		return 0
	}
	if !said {
		life = defaultFresh
		if expires := h.Get("Expires"); expires != "" {
			// RFC 9111 §5.3: what is no date, such as 0, has expired.
			at, err := http.ParseTime(expires)
			if err != nil {
				return 0
			}
			from := now
			if date, err := http.ParseTime(h.Get("Date")); err == nil {
				from = date
			}
			life = at.Sub(from)
		}
	}
	if age, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil {
		life -= time.Duration(age) * time.Second
	}
	if life <= 0 {
		return 0
	}
	return min(max(life, minFresh), maxFresh)
}

// cacheControl reads max-age, and whether storing without asking again is
// forbidden. Of two max-age the shorter counts.
func cacheControl(values []string) (life time.Duration, said, forbidden bool) {
	for _, directive := range strings.Split(strings.Join(values, ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "no-store", "no-cache":
			forbidden = true
		case "max-age":
			seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
			if err != nil {
				return 0, true, true // RFC 9111 §4.2.1: invalid freshness is stale
			}
			d := time.Duration(seconds) * time.Second
			if !said || d < life {
				life = d
			}
			said = true
		}
	}
	return life, said, forbidden
}
