package person

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// A Person has a browser of their own. It is for one goroutine.
type Person struct {
	// Name and Password are what they sign in with.
	Name, Password string
	// Transport carries their requests. nil: http.DefaultTransport.
	Transport http.RoundTripper
	// Through are further hosts whose pages they answer as well: where they are
	// sent to sign in.
	Through []string
	// Jar keeps who is signed in. nil: they sign in for each decision.
	Jar http.CookieJar
}

// Decide opens the URL of an authorization request, signs in, and presses allow
// or deny. It returns where the browser was sent then: the redirect URI with the
// answer, which is not opened.
func (p *Person) Decide(authorizationURL, decision string) (*url.URL, error) {
	jar := p.Jar
	if jar == nil {
		var err error
		if jar, err = cookiejar.New(nil); err != nil {
			return nil, err
		}
	}
	browser := &http.Client{Jar: jar, Transport: p.Transport, Timeout: 30 * time.Second, CheckRedirect: p.stay}
	res, err := browser.Get(authorizationURL)
	if err != nil {
		return nil, err
	}
	for range 4 { // consent and login, here or where they are sent, and back at the client
		if to, err := res.Location(); err == nil {
			return to, res.Body.Close()
		}
		form, action, err := p.readForm(res)
		if err != nil {
			return nil, err
		}
		p.fill(form, decision)
		if res, err = browser.PostForm(action, form); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the pages do not end")
}

// stay follows redirects within the server and stops at the client's.
func (p *Person) stay(next *http.Request, via []*http.Request) error {
	if next.URL.Host != via[0].URL.Host && !slices.Contains(p.Through, next.URL.Host) {
		return http.ErrUseLastResponse
	}
	return nil
}

// readForm returns the fields of the page's form, and where it goes.
func (p *Person) readForm(res *http.Response) (form url.Values, action string, err error) {
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, "", err
	}
	if res.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%s: status %d: %s", res.Request.URL, res.StatusCode, page)
	}
	root, err := html.Parse(strings.NewReader(string(page)))
	if err != nil {
		return nil, "", err
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && attribute(n, "method") == "post" { // the first; others lead elsewhere
			to, err := res.Request.URL.Parse(attribute(n, "action"))
			if err != nil {
				return nil, "", err
			}
			return fieldsOf(n), to.String(), nil
		}
	}
	return nil, "", fmt.Errorf("%s shows no form: %s", res.Request.URL, page)
}

// fieldsOf are what a browser sends of a form that nobody has touched, but for
// buttons.
func fieldsOf(form *html.Node) url.Values {
	fields := url.Values{}
	for n := range form.Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" && attribute(n, "name") != "" && (attribute(n, "type") != "checkbox" || has(n, "checked")) {
			fields.Add(attribute(n, "name"), attribute(n, "value"))
		}
	}
	return fields
}

// fill types what the form asks for.
func (p *Person) fill(form url.Values, decision string) {
	if form.Has("password") {
		form.Set("username", p.Name)
		form.Set("password", p.Password)
		return
	}
	form.Set("decision", decision)
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
