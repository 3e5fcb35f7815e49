package fetch

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds what is read of the answer to a message, in bytes: it is there
// to help whoever looks for an error.
const maxAnswer = 4 << 10

// A Poster sends forms through the guard to URLs that clients registered. It keeps
// nothing of what is answered. It is safe for concurrent use.
type Poster struct {
	loopback bool
	timeout  time.Duration
	now      func() time.Time
	http     *http.Client
	budget   *budget
}

// NewPoster returns a Poster. KeepAtLeast and MediaTypes of the configuration say
// nothing here. It starts nothing and needs no closing.
func NewPoster(c Config) *Poster {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Poster{loopback: c.InsecureLoopback, timeout: timeout, now: c.Now, http: newHTTPClient(c), budget: newBudget(forMessages)}
}

// An Answer is what came back for a form.
type Answer struct {
	Status int    // of HTTP, whatever it is: a redirect is an answer, and not followed
	Body   []byte // its first 4 KiB; what could be read of them
}

// Post sends form to an absolute https URL, whose query stays as it is. An error
// is an *Error: nothing was answered, so it may or may not have arrived. A URL that
// just failed, or answered with a 5xx, is left alone for a moment.
func (p *Poster) Post(ctx context.Context, rawURL string, form url.Values) (Answer, error) {
	t, ok := checkURL(rawURL, p.loopback)
	if !ok {
		return Answer{}, &Error{Reason: "url"}
	}
	release, err := p.budget.take(t, p.now())
	if err != nil {
		return Answer{}, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	answer, err := p.send(ctx, t, form.Encode())
	if err != nil || answer.Status >= http.StatusInternalServerError {
		p.budget.backOff(t.url, p.now())
	}
	return answer, err
}

func (p *Poster) send(ctx context.Context, t target, form string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, strings.NewReader(form))
	if err != nil {
		return Answer{}, &Error{Reason: "url", cause: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Charter")
	resp, err := p.http.Do(req)
	if err != nil {
		return Answer{}, &Error{Reason: "connect", cause: err}
	}
	defer resp.Body.Close()
	// The status is the answer; a body that hangs or breaks off changes nothing.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return Answer{resp.StatusCode, body}, nil
}
