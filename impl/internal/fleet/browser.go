package fleet

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"time"

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

var signOutForm = regexp.MustCompile(`(?s)<form method="post" action="([^"]*/logout)".*?name="csrf" value="([^"]+)"`)

// SignOut signs the person out at issuer, with the button of the page of connected
// apps.
func (b *Browser) SignOut(issuer string) error {
	web := &http.Client{Jar: b.person.Jar, Transport: b.person.Transport, Timeout: 30 * time.Second}
	res, err := web.Get(issuer + "/apps")
	if err != nil {
		return err
	}
	page, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	form := signOutForm.FindSubmatch(page)
	if form == nil {
		return fmt.Errorf("nobody is signed in: %s", page)
	}
	to, err := res.Request.URL.Parse(string(form[1]))
	if err != nil {
		return err
	}
	if res, err = web.PostForm(to.String(), url.Values{"csrf": {string(form[2])}}); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		err = fmt.Errorf("signing out: status %d", res.StatusCode)
	}
	return errors.Join(err, res.Body.Close())
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
