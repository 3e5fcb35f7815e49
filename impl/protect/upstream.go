package protect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// The limits of one request to the authorization server.
const (
	upstreamTimeout = 5 * time.Second // to the last byte
	maxAnswer       = 64 << 10        // bytes
)

// An upstream is the authorization server, at URLs that the operator configured:
// so private addresses are fine, where package fetch, whose URLs strangers chose,
// refuses them.
type upstream struct{ client http.Client }

// newUpstream takes over c's transport and nothing that would make answers depend
// on earlier ones; nil is the default transport.
func newUpstream(c *http.Client) upstream {
	var u upstream
	if c != nil {
		u.client.Transport = c.Transport
	}
	// A redirect would carry credentials and tokens to somewhere else.
	u.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return u
}

// json sends r and returns the body of an answer that is 200, JSON by its type,
// of bounded size and in time. Errors hold nothing of the request's body.
func (u *upstream) json(ctx context.Context, r *http.Request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, upstreamTimeout)
	defer cancel()
	r.Header.Set("Accept", "application/json")
	res, err := u.client.Do(r.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("authorization server: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("authorization server: status %d", res.StatusCode)
	}
	if !isJSON(res.Header.Values("Content-Type")) {
		return nil, errors.New("authorization server: the answer is not JSON")
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("authorization server: %w", err)
	case ctx.Err() != nil: // a server that sees the connection end may end its answer short
		return nil, fmt.Errorf("authorization server: %w", ctx.Err())
	case len(body) > maxAnswer:
		return nil, errors.New("authorization server: the answer is too large")
	}
	return body, nil
}

// isJSON takes application/json and application/…+json (RFC 6839 §3.1).
func isJSON(values []string) bool {
	if len(values) != 1 {
		return false
	}
	mediaType, _, err := mime.ParseMediaType(values[0])
	subtype, found := strings.CutPrefix(mediaType, "application/")
	return err == nil && found && (subtype == "json" || strings.HasSuffix(subtype, "+json"))
}
