package oracle

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// An Answer is a response, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Read reads a response to its end.
func Read(res *http.Response) (Answer, error) {
	body, err := io.ReadAll(res.Body)
	return Answer{res.StatusCode, res.Header, string(body)}, err
}

// Negative reports whether an answer says no: an error, one that a redirect
// carries to the client, or a token that is not active.
func (a Answer) Negative() bool {
	if to, err := url.Parse(a.Header.Get("Location")); err == nil && to.Query().Has("error") {
		return true
	}
	return a.Status >= http.StatusBadRequest || a.Status == http.StatusOK && strings.TrimSpace(a.Body) == `{"active":false}`
}

// A Refusal says in what an answer is not as it must be.
type Refusal func(Answer) []string

// JSON is a refusal in the form of RFC 6749 §5.2: status, code, nothing but the
// members of an error, nowhere to go.
func JSON(status int, code string) Refusal {
	return func(a Answer) []string { return a.json(status, code) }
}

// Page is a refusal that a person reads, and that goes nowhere.
func Page(status int) Refusal {
	return func(a Answer) []string { return a.page(status) }
}

// Redirect is a refusal that is carried to a redirect URI, byte for byte the
// registered one with parameters behind it.
func Redirect(uri, code string) Refusal {
	return func(a Answer) []string { return a.redirect(uri, code) }
}

func (a Answer) json(status int, code string) []string {
	faults := a.Faults()
	if a.Status != status {
		faults = append(faults, fmt.Sprintf("status %d, want %d", a.Status, status))
	}
	var members map[string]any
	if err := json.Unmarshal([]byte(a.Body), &members); err != nil {
		return append(faults, fmt.Sprintf("the body is no JSON object: %.200q", a.Body))
	}
	if members["error"] != code {
		faults = append(faults, fmt.Sprintf("error %v, want %s", members["error"], code))
	}
	for name := range members {
		if !slices.Contains([]string{"error", "error_description", "error_uri"}, name) {
			faults = append(faults, "the error has a member "+name)
		}
	}
	if to := a.Header.Get("Location"); to != "" {
		faults = append(faults, "Location "+to)
	}
	return faults
}

func (a Answer) page(status int) []string {
	faults := a.Faults()
	if a.Status != status {
		faults = append(faults, fmt.Sprintf("status %d, want %d", a.Status, status))
	}
	if got := a.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/html") {
		faults = append(faults, fmt.Sprintf("Content-Type %q, want a page", got))
	}
	if to := a.Header.Get("Location"); to != "" {
		faults = append(faults, "Location "+to)
	}
	return faults
}

func (a Answer) redirect(uri, code string) []string {
	faults := a.Faults()
	if a.Status != http.StatusSeeOther {
		faults = append(faults, fmt.Sprintf("status %d, want 303", a.Status))
	}
	location := a.Header.Get("Location")
	rest, ok := strings.CutPrefix(location, uri)
	if !ok || !strings.HasPrefix(rest, "?") && !strings.HasPrefix(rest, "&") {
		return append(faults, fmt.Sprintf("Location %q, want %s", location, uri))
	}
	query, err := url.ParseQuery(rest[1:])
	if got := query["error"]; err != nil || !slices.Equal(got, []string{code}) {
		faults = append(faults, fmt.Sprintf("Location has error %q, want %s", got, code))
	}
	for _, name := range []string{"code", "access_token", "id_token", "token"} {
		if query.Has(name) {
			faults = append(faults, "Location has "+name)
		}
	}
	return faults
}

// Faults returns what no refusal may be, whatever it says: a failure of the
// server, stored by a cache, in several places at once.
func (a Answer) Faults() []string {
	var faults []string
	if a.Status >= http.StatusInternalServerError {
		faults = append(faults, fmt.Sprintf("status %d", a.Status))
	}
	if got := a.Header.Values("Cache-Control"); !slices.Equal(got, []string{"no-store"}) {
		faults = append(faults, fmt.Sprintf("Cache-Control %q, want no-store", got))
	}
	if got := a.Header.Values("Location"); len(got) > 1 {
		faults = append(faults, fmt.Sprintf("Location %q", got))
	}
	return faults
}
