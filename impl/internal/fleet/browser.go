package fleet

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"

	"github.com/charterauth/charter/impl/internal/person"
)

// A Browser belongs to one person, who stays signed in. It is for one goroutine.
type Browser struct{ person person.Person }

// Browser returns the nth browser, of one of the people and at an address of its
// own, so that no limit for one address matters.
func (f *Fleet) Browser(n int, via http.RoundTripper) (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	who := f.People[n%len(f.People)]
	return &Browser{person.Person{Name: who.Name, Password: who.Password, Jar: jar, Transport: forwarded{via, n}}}, nil
}

// Code lets the person allow what the client asks for, and returns the code.
func (b *Browser) Code(c *Client) (string, error) {
	to, err := b.person.Decide(c.AuthorizationURL(), "allow")
	if err != nil {
		return "", err
	}
	code := to.Query().Get("code")
	if code == "" {
		return "", fmt.Errorf("no code came back: %s", to.Query().Get("error"))
	}
	return code, nil
}

// forwarded makes requests come from an address of their own.
type forwarded struct {
	via http.RoundTripper
	n   int
}

func (f forwarded) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.0.%d.%d", f.n/250, f.n%250+1))
	return f.via.RoundTrip(r)
}
