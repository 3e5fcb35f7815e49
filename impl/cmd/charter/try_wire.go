package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const maxTrialAnswer = 1 << 20

// A trialError is an error answer (RFC 6749 §5.2).
type trialError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// do sends a request and reads a JSON answer into v, which may be nil. sent is
// the form that the request carries, for -v. An answer that is an error is no
// error here: the status tells.
func (t *trial) do(r *http.Request, sent url.Values, v any) (status int, err error) {
	r.Header.Set("Accept", "application/json")
	res, err := t.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxTrialAnswer))
	if err != nil {
		return 0, err
	}
	t.show(r, sent, res, body)
	if v != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(body, v); err != nil {
			return 0, fmt.Errorf("%s answers no JSON that can be used: %w", r.URL, err)
		}
	}
	if e, ok := v.(*trialAnswer); ok && res.StatusCode >= 400 {
		_ = json.Unmarshal(body, &e.trialError) // without one the status has to do
	}
	return res.StatusCode, nil
}

// post sends a form as the client that was registered, and wants 200.
func (t *trial) post(ctx context.Context, endpoint string, form url.Values) (trialAnswer, error) {
	var answer trialAnswer
	status, err := t.send(ctx, endpoint, form, &answer)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answers %d %s: %s", printable(endpoint), status, printable(answer.Code), printable(answer.Description))
	}
	return answer, err
}

func (t *trial) send(ctx context.Context, endpoint string, form url.Values, answer any) (status int, err error) {
	if t.client.Secret == "" {
		form.Set("client_id", t.client.ID)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if t.client.Secret != "" { // RFC 6749 §2.3.1: both form-encoded
		r.SetBasicAuth(url.QueryEscape(t.client.ID), url.QueryEscape(t.client.Secret))
	}
	return t.do(r, form, answer)
}

// The names of what is shortened before it is shown.
var secretNames = []string{
	"code", "code_verifier", "token", "access_token", "refresh_token", "id_token",
	"client_secret", "registration_access_token",
}

// show prints an exchange for -v.
func (t *trial) show(r *http.Request, sent url.Values, res *http.Response, body []byte) {
	if !t.verbose {
		return
	}
	line := func(mark, text string) { fmt.Fprintf(t.out, "  %s %s\n", mark, printable(text)) }
	line(">", r.Method+" "+r.URL.String())
	if scheme, value, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		line(">", "Authorization: "+scheme+" "+shorten(value))
	}
	for _, name := range sortedKeys(sent) {
		value := sent.Get(name)
		if slices.Contains(secretNames, name) {
			value = shorten(value)
		}
		line(">", name+"="+value)
	}
	line("<", res.Status)
	if len(body) > 0 {
		line("<", shortenJSON(body))
	}
}

func sortedKeys(form url.Values) []string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// shorten keeps enough of a secret to tell two apart, and too little to use.
func shorten(secret string) string {
	return secret[:min(8, len(secret)/4)] + "…"
}

// shortenJSON is the answer in one line. One that is no JSON object is not
// shown: nobody could say where its secrets are.
func shortenJSON(body []byte) string {
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return fmt.Sprintf("(%d bytes that are no JSON object)", len(body))
	}
	for name, value := range members {
		if text, ok := value.(string); ok && slices.Contains(secretNames, name) {
			members[name] = shorten(text)
		}
	}
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if e.Encode(members) != nil {
		return ""
	}
	return strings.TrimSpace(text.String())
}
