package interact

import (
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/server"
)

// What the templates see. Every text is as the page shows it; html/template
// escapes it.

type loginView struct {
	frame
	Action   string // where the form goes
	Request  string // hidden: the handle
	CSRF     string // hidden
	Client   clientView
	Own      bool   // no client asks: the person wants to see their connected apps
	Username string // what to fill in
	Notice   string // why somebody who is signed in has to sign in; empty otherwise
	Upstream string // the provider that people sign in at; empty: the form asks for a password
	SignUp   string // where who has no account makes one; empty: nowhere
	Problem  string // what was wrong with the form before; empty at first
}

type signUpView struct {
	frame
	Action   string
	Request  string // hidden: the handle
	CSRF     string // hidden
	Client   clientView
	Own      bool   // no client asks: the person wants to see their connected apps
	Username string // what to fill in
	Problem  string
	Login    string // where who has an account signs in
	Other    string // hidden, on the way there: with an account that is not signed in yet
}

// An accountsView is who is signed in at the browser, to choose one.
type accountsView struct {
	frame
	Action   string
	Request  string // hidden: the handle
	CSRF     string // hidden
	Client   clientView
	Accounts []accountView
	Other    string // the choice of none of them
}

type accountView struct {
	ID   string // what the choice sends
	Name string
}

type consentView struct {
	frame
	Action    string
	Request   string
	CSRF      string
	Client    clientView
	Account   string // who is signed in; empty: nobody yet
	Upstream  string // where they sign in after they allowed it, when nobody is
	Scopes    []scopeView
	Claims    []string // about the person, asked for by name
	Resources []resourceView
	Target    targetView
	Problem   string
}

type appsView struct {
	frame
	Account      string // who is signed in
	Apps         []appView
	More         bool // there are more than are listed
	RevokeAction string
	RevokeCSRF   string // hidden, in each form to revoke
	LogoutAction string
	LogoutCSRF   string // hidden, in the form to sign out
}

// An appView is a client with access to the account.
type appView struct {
	Client   clientView
	ClientID string // hidden: what is revoked
	Open     string // the URL that opens it, signed in; empty: none is known
	OpenHost string // whose that is
	Access   []accessView
	Granted  dayView
	LastUsed dayView // zero: never
}

// An accessView is what an application may do at some resources.
type accessView struct {
	Resources []resourceView
	Scopes    []scopeView
}

// A resourceView is where permissions are good.
type resourceView struct {
	Name string // the operator's; empty: none
	URI  string
}

// A dayView is a day in UTC: the pages do not know where the person is.
type dayView struct {
	Text string // for people
	Date string // for machines, 2006-01-02
}

// A logoutView asks whether to sign out.
type logoutView struct {
	frame
	Action   string
	Request  string        // hidden: the handle; empty where the person asks by themselves
	CSRF     string        // hidden
	Asked    bool          // an application asks
	Client   clientView    // the application; zero where it is not known to be that one
	Others   bool          // it means another account than those that are signed in here
	Accounts []accountView // never empty; the one that is meant first
	Back     string        // the host that the browser goes to afterwards; empty: none
	Stay     string        // where to go to stay signed in
}

type signedOutView struct {
	frame
	Action string            // where the way back in is
	Others bool              // other accounts are still signed in at the browser
	Frames []logoutFrameView // the applications that are told in the browser
	Next   template.URL      // where the browser goes by itself once they are; empty: it stays
	Host   string            // of Next
}

// A logoutFrameView is a hidden frame of an application that is told of a logout.
type logoutFrameView struct {
	Name string
	URI  template.URL
}

type errorView struct {
	frame
	Title     string
	Message   string
	Reference string // finds the log line; empty where there is none
}

// A clientView is the application that asks.
type clientView struct {
	Name     string
	Host     string // of a client that a URL names: the one thing about it that was checked; empty for others
	Verified bool   // an operator registered it
}

// A scopeView is one permission asked for.
type scopeView struct {
	Value       string
	Description string // in words; empty: show Value
	Ticked      bool
}

// A targetView is where the answer goes.
type targetView struct {
	Kind string // "web", "loopback" or "native"
	Name string // host, or scheme of a native app
}

func describeClient(p *server.Pending) clientView {
	return newClientView(p.ClientID(), p.ClientName(), p.Verified())
}

// newClientView shows the name that a client gave itself, or what identifies it
// where it gave none.
func newClientView(id, name string, verified bool) clientView {
	v := clientView{Name: shown(name, maxShownName), Host: documentHost(id), Verified: verified}
	switch {
	case v.Name != "":
	case v.Host != "":
		v.Name = v.Host
	default:
		v.Name = "an application without a name"
	}
	return v
}

// documentHost returns the host of a client identifier that is the URL of its
// metadata, or "".
func documentHost(clientID string) string {
	if !strings.HasPrefix(clientID, "https://") {
		return ""
	}
	u, err := url.Parse(clientID)
	if err != nil {
		return ""
	}
	return shown(u.Host, maxHost)
}

const (
	maxHost     = 253 // RFC 1035 §2.3.4
	maxResource = 512
	maxScope    = 256
)

func describeTarget(p *server.Pending) targetView {
	return targetView{Kind: targetKind(p.RedirectURI(), p.Loopback()), Name: shown(p.RedirectHost(), maxHost)}
}

// targetKind tells what a person can know about who gets the answer: only an
// https host is somebody in particular (RFC 8252 §8.6).
func targetKind(redirectURI string, loopback bool) string {
	switch {
	case loopback:
		return "loopback"
	case strings.HasPrefix(strings.ToLower(redirectURI), "https://"):
		return "web"
	}
	return "native"
}

// claimWords say in words what claims of the standard tell.
var claimWords = map[string]string{
	"name": "your name", "given_name": "your given name", "family_name": "your family name", "email": "your email address",
	"phone_number": "your telephone number", "address": "your postal address", "birthdate": "your date of birth", "picture": "your picture",
}

// describeClaims says what is asked for by name.
func describeClaims(pending *server.Pending) []string {
	var described []string
	for _, name := range pending.Claims() {
		words := claimWords[name]
		if words == "" {
			words = shown(name, maxShownName)
		}
		described = append(described, words)
	}
	return described
}

func describeResources(pending *server.Pending) []resourceView {
	var described []resourceView
	for _, uri := range pending.Resources() {
		described = append(described, describeResource(uri, pending.ResourceName(uri)))
	}
	return described
}

func describeResource(uri, name string) resourceView {
	return resourceView{Name: name, URI: shown(uri, maxResource)}
}

func (c Config) describeApp(app server.App) appView {
	v := appView{
		Client: newClientView(app.ClientID, app.Name, app.Verified), ClientID: app.ClientID,
		Granted: describeDay(app.GrantedAt), LastUsed: describeDay(app.LastUsedAt),
	}
	for _, access := range app.Access {
		a := accessView{Scopes: c.describeScopes(access.Scopes, nil)}
		for _, r := range access.Resources {
			a.Resources = append(a.Resources, describeResource(r.URI, r.Name))
		}
		v.Access = append(v.Access, a)
	}
	return v
}

// openApp returns the URL at which an application begins a sign-in here, and its
// host: its initiate_login_uri, told who we are (OpenID Connect Core §4). That
// demands https of both.
func openApp(app server.App, issuer string) (link, host string) {
	u, err := url.Parse(app.InitiateLoginURI)
	if err != nil || u.Scheme != "https" || !strings.HasPrefix(issuer, "https://") {
		return "", ""
	}
	q := u.Query()
	q.Set("iss", issuer)
	u.RawQuery = q.Encode()
	return u.String(), shown(u.Host, maxHost)
}

func describeDay(t time.Time) dayView {
	if t.IsZero() {
		return dayView{}
	}
	return dayView{t.UTC().Format("2 January 2006"), t.UTC().Format(time.DateOnly)}
}

// identityWords say in words what the scopes of OpenID Connect allow.
var identityWords = map[string]string{
	"openid":         "know that it is you",
	"profile":        "see your name and profile",
	"email":          "see your email address",
	"address":        "see your postal address",
	"phone":          "see your telephone number",
	"offline_access": "keep this access while you are away",
}

// describeScopes keeps the order that was asked in. All are ticked unless ticked
// says which.
func (c Config) describeScopes(asked []string, ticked map[string]bool) []scopeView {
	views := make([]scopeView, len(asked))
	for i, value := range asked {
		views[i] = scopeView{Value: value, Description: c.ScopeDescriptions[value], Ticked: ticked == nil || ticked[value]}
		if views[i].Description == "" {
			views[i].Description = identityWords[value]
		}
	}
	return views
}
