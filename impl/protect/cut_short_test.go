package protect_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/charterauth/charter/impl/protect"
)

// A body is an answer that is whole, and not too late to be.
type body struct {
	late context.Context
	err  error
	rest io.Reader
}

func (b *body) Read(p []byte) (int, error) {
	if b.late != nil {
		<-b.late.Done()
	}
	n, err := b.rest.Read(p)
	if err == io.EOF && b.err != nil {
		err = b.err
	}
	return n, err
}

func (*body) Close() error { return nil }

// TestIntrospectionCutShort: what is good JSON and was cut off, or came too late, is
// no answer.
func TestIntrospectionCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			late   bool
			err    error
			status int
		}{"the control": {false, nil, 200}, "cut off": {false, io.ErrUnexpectedEOF, 503}, "late": {true, nil, 503}} {
			short := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				b := &body{err: c.err, rest: strings.NewReader(live)}
				if c.late {
					b.late = r.Context()
				}
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: b}, nil
			})}
			h := introspected(t, nil, newClock(), func(c *protect.IntrospectionConfig) { c.HTTPClient = short })
			if res := call(h, "Bearer t"); res.StatusCode != c.status {
				t.Errorf("%s: status %d, want %d", name, res.StatusCode, c.status)
			}
		}
	})
}
