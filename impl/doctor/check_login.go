package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// browse opens a URL as a browser would: redirects are followed with cookies,
// until there is a page or the way leads back to the client.
func (s *session) browse(ctx context.Context, target, back string) (a *answer, returned url.Values, err error) {
	s.requested = printable("GET " + target)
	defer func() {
		if a != nil {
			s.returned = a.text()
		} else if err != nil {
			s.returned = printable(err.Error())
		}
	}()
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, nil, err
	}
	browser := *s.http
	browser.Jar = jar
	for range 2 * maxRedirects {
		a, err = s.exchange(ctx, &browser, call{method: http.MethodGet, url: target, header: map[string]string{"Accept": "text/html"}})
		if err != nil {
			return nil, nil, err
		}
		to := a.header.Get("Location")
		if a.status < 300 || a.status > 399 || to == "" {
			return a, nil, nil
		}
		if target, err = resolve(target, to); err != nil {
			return a, nil, err
		}
		if isBack(target, back) {
			u, err := url.Parse(target)
			if err != nil {
				return a, nil, err
			}
			return a, u.Query(), nil
		}
	}
	return a, nil, fmt.Errorf("more than %d redirects", 2*maxRedirects)
}

// isBack reports whether target is the redirect URI, with parameters.
func isBack(target, back string) bool {
	rest, ok := strings.CutPrefix(target, back)
	return ok && (rest == "" || rest[0] == '?' || rest[0] == '&')
}

func checkLogin(ctx context.Context, s *session) verdict { return s.login(ctx, s.redirectURI()) }

func checkPort(ctx context.Context, s *session) verdict { return s.login(ctx, s.client.OtherPort) }

// login is what a person would see.
func (s *session) login(ctx context.Context, redirectURI string) verdict {
	target, err := s.authorization(redirectURI, true)
	if err != nil {
		return failed(err.Error())
	}
	a, returned, err := s.browse(ctx, target, redirectURI)
	switch {
	case err != nil:
		return failed("no page comes: " + err.Error())
	case returned.Get("error") != "":
		v := failed(fmt.Sprintf("the server sends the person back with %s: %s", returned.Get("error"), returned.Get("error_description")))
		v.cure = loginCures[returned.Get("error")]
		return v
	case returned != nil:
		return failed("the server sends the person back without asking for a login")
	case a.status != http.StatusOK:
		v := failed(fmt.Sprintf("an error page (%d) instead of a login", a.status))
		if s.byDocument {
			v.cure = "let the server fetch " + s.client.Document + " over https and use it: what it lists beside none in token_endpoint_auth_methods_supported must not end the login, and loopback redirect URIs have any port"
		}
		return v
	case a.media() != "text/html" && a.media() != "application/xhtml+xml":
		return failed("what comes is no page")
	}
	return passed
}

// loginCures are for the errors that say what is wrong (OAuth 2.1 §4.1.2.1, RFC
// 8707 §2).
var loginCures = map[string]string{
	"invalid_target": "accept as resource what the resource's metadata say, also with a slash at the end where there is no path (RFC 8707 §2)",
	"invalid_scope":  "accept the scopes that the challenge and the metadata list: scopes_supported of resource and server have to agree with what the server knows",
}

// checkErrorResponse provokes an error that is the client's to hear of.
func checkErrorResponse(ctx context.Context, s *session) verdict {
	back := s.redirectURI()
	target, err := s.authorization(back, false)
	if err != nil {
		return failed(err.Error())
	}
	a, returned, err := s.browse(ctx, target, back)
	iss := returned.Get("iss")
	switch {
	case err != nil:
		return failed("no answer comes: " + err.Error())
	case returned == nil && a.status == http.StatusOK:
		return warned("the server does without PKCE: a stolen code can be redeemed")
	case returned == nil:
		return warned("an error page, where the client could be told")
	case returned.Get("error") == "":
		return failed("the server sends the person back without an error and without asking for a login")
	case returned.Get("state") != state:
		return failed("state does not come back: clients refuse the answer")
	case iss == "" && s.metadata.flag("authorization_response_iss_parameter_supported"):
		return failed("iss is announced, and missing: clients refuse the answer")
	case iss != "" && iss != s.metadata.text("issuer"):
		return failed("iss is " + iss + ", not the issuer: clients refuse the answer")
	}
	return passed
}
