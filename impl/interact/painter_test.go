package interact

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/server"
)

func newTestPainter(t testing.TB) *painter {
	t.Helper()
	p, err := newPainter(builtIn(), nil, "as.example")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// hostile fills every text of every page with s, and has every optional part
// shown.
func hostile(f frame, s string) map[string]any {
	client := clientView{Name: s, Host: "x" + s}
	return map[string]any{
		loginFile:  loginView{frame: f, Action: "/login", Request: s, CSRF: s, Client: client, Username: "x" + s, SignUp: "/signup", Problem: "x" + s},
		signUpFile: signUpView{frame: f, Action: "/signup", Request: s, CSRF: s, Client: client, Username: "x" + s, Problem: "x" + s, Login: "/login", Other: s},
		consentFile: consentView{
			frame: f, Action: "/consent", Request: s, CSRF: s, Client: client, Account: s, Problem: "x" + s,
			Scopes:    []scopeView{{Value: s, Ticked: true}, {Value: s, Description: "x" + s}},
			Resources: []resourceView{{s, s}, {URI: s}}, Target: targetView{Kind: "loopback", Name: s},
		},
		appsFile: appsView{
			frame: f, Account: s, More: true, RevokeAction: "/apps/revoke", RevokeCSRF: s, LogoutAction: "/logout", LogoutCSRF: s,
			Apps: []appView{{Client: client, ClientID: s, Open: "https://app.example.com/login?" + s, OpenHost: "x" + s, LastUsed: dayView{s, "x" + s}, Granted: dayView{s, s}, Access: []accessView{
				{Resources: []resourceView{{s, s}, {URI: s}}, Scopes: []scopeView{{Value: s}, {Value: s, Description: "x" + s}}}, {Resources: []resourceView{{URI: s}}},
			}}},
		},
		signedOutFile: signedOutView{frame: frame{Service: s, Style: f.Style}, Action: "/apps"},
		errorFile:     errorView{frame: f, Title: s, Message: s, Reference: "x" + s},
	}
}

// skeleton returns the elements of a page and the names of their attributes.
func skeleton(t testing.TB, page []byte) string {
	t.Helper()
	var b strings.Builder
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			b.WriteString("<" + token.Data)
			for _, a := range token.Attr {
				b.WriteString(" " + a.Key)
			}
			b.WriteString(">")
		case html.EndTagToken:
			b.WriteString("</" + z.Token().Data + ">")
		case html.CommentToken:
			b.WriteString("<!---->")
		}
	}
}

func checkSkeleton(t *testing.T, p *painter, s string) {
	t.Helper()
	calm := hostile(p.frame, "calm")
	for name, view := range hostile(p.frame, s) {
		want, err := p.paint(name, calm[name])
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.paint(name, view)
		if err != nil {
			t.Fatalf("%s with %q: %v", name, s, err)
		}
		if g, w := skeleton(t, got), skeleton(t, want); g != w {
			t.Errorf("%s with %q has the elements\n%s\nwant\n%s", name, s, g, w)
		}
	}
}

// ATK-130, ATK-131, ATK-134
var polyglots = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' autofocus onfocus=alert(1) x='`,
	`</title><svg onload=alert(1)>`, `</style><script>alert(1)</script>`, `--><script>`, `<!--`, `]]>`, `<![CDATA[`,
	`javascript:alert(1)`, `{{7*7}}`, `{{.}}`, `${7*7}`, `<%= 7*7 %>`, `%s%n`, `${jndi:ldap://x}`, "\x1b[31m",
	"`-alert(1)-`", `\u003cscript\u003e`, "<\x00script>", "\xc0\xbcscript>", "+ADw-script+AD4-", `<plaintext>`, `<base href=//evil>`,
	"\u202egpj.exe", `<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`, ` onmouseover=alert(1) `, "a\nb\r\nc", `&lt;script&gt;`, `&#x3c;script&#x3e;`,
}

func TestPagesKeepTheirElements(t *testing.T) {
	proof.Of(t, "RFC6749-10.14-1")
	proof.Of(t, "ATK-130", "ATK-131", "ATK-134")
	p := newTestPainter(t)
	for _, s := range polyglots {
		checkSkeleton(t, p, s)
	}
	// The comparison sees what it is for: an element in the text of a page.
	if skeleton(t, []byte("<p>a</p>")) == skeleton(t, []byte("<p>a<b></p>")) || skeleton(t, []byte("<p>")) == skeleton(t, []byte("<p x>")) {
		t.Error("the comparison is blind")
	}
}

// No element or attribute of a page comes from input.
func FuzzPagesKeepTheirElements(f *testing.F) {
	proof.Of(f, "FUZZ-16")
	p := newTestPainter(f)
	for _, s := range polyglots {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkSkeleton(t, p, s) })
}

func TestPagesShowTheirTexts(t *testing.T) {
	p := newTestPainter(t)
	for name, view := range hostile(p.frame, `{{7*7}}<b>`) {
		page, err := p.paint(name, view)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(page, []byte("{{7*7}}&lt;b&gt;")) {
			t.Errorf("%s does not show the text literally", name)
		}
	}
}

// The policy allows exactly the style sheet that the page has.
func TestPolicyFitsTheStyle(t *testing.T) {
	p := newTestPainter(t)
	page, err := p.paint(errorFile, errorView{frame: p.frame, Title: "T", Message: "M"})
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<style>")
	style, _, ok := strings.Cut(rest, "</style>")
	if !ok || len(style) < 1000 {
		t.Fatalf("the page has the style %.80q", style)
	}
	if got, want := p.policy("'self'"), contentSecurityPolicy(style, "'self'"); got != want {
		t.Errorf("policy %s, want %s", got, want)
	}
}

// What a person sees of an application.
func TestConsentPage(t *testing.T) {
	proof.Of(t, "OAUTH21-7.9-3", "OAUTH21-7.9-4", "MCP-SEC-Localhost-Redirect-URI-Risks-1", "MCP-SEC-Localhost-Redirect-URI-Risks-2", "CIMD-6.4-3", "RFC9101-11.1-2")
	proof.Of(t, "ATK-37")
	p := newTestPainter(t)
	view := consentView{
		frame: p.frame, Action: "/consent", Request: "chrq_x", CSRF: "c", Account: "alice",
		Client:    clientView{Name: "Acme", Host: "acme.example"},
		Scopes:    []scopeView{{Value: "read", Description: "see your notes", Ticked: true}, {Value: "write", Ticked: true}},
		Resources: []resourceView{{URI: "https://api.example/mcp"}}, Target: targetView{Kind: "native", Name: "com.example.app"},
	}
	paint := func() string {
		page, err := p.paint(consentFile, view)
		if err != nil {
			t.Fatal(err)
		}
		return string(page)
	}
	shows := func(page string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not have %q", want)
			}
		}
	}
	page := paint()
	shows(page, "<bdi>Acme</bdi>", "<bdi>acme.example</bdi>", "Not verified", "see your notes", "<bdi>write</bdi>", "<bdi>https://api.example/mcp</bdi>",
		"<bdi>com.example.app</bdi>", "on this device", "<bdi>alice</bdi>", `value="allow"`, `value="deny"`)
	if strings.Contains(page, "ZgotmplZ") {
		t.Error("a value was replaced by the escaper")
	}
	if n := strings.Count(page, `" checked>`); n != 2 {
		t.Errorf("%d scopes are ticked, want 2", n)
	}
	view.Client.Verified, view.Target = true, targetView{Kind: "web", Name: "acme.example"}
	if page := paint(); strings.Contains(page, "Not verified") || strings.Contains(page, "on this device") {
		t.Error("a verified web client is warned of")
	}
}

func TestDescribeError(t *testing.T) {
	for _, row := range []struct {
		page           server.ErrorPage
		title, message string
	}{
		{server.ErrorPage{Status: 400, Code: "invalid_request", Description: "client_id is required"}, "This request cannot go on", "client_id is required."},
		{server.ErrorPage{Status: 404, Description: "there is nothing at this path"}, "There is no such page", "There is nothing at this path."},
		{server.ErrorPage{Status: 500, Code: "server_error", Description: "the server could not answer; reference r", Reference: "r"}, "Something went wrong", "The server could not answer. Try again in a moment."},
	} {
		v := describeError(row.page)
		if v.Title != row.title || v.Message != row.message || v.Reference != row.page.Reference {
			t.Errorf("%+v gives %+v", row.page, v)
		}
	}
}

// Pages are replaced file by file, and what is wrong with one is known at the
// start.
func TestOwnTemplates(t *testing.T) {
	own := fstest.MapFS{
		errorFile: {Data: []byte(`{{define "title"}}Oh{{end}}{{define "main"}}<h1>Own {{.Title}}</h1>{{end}}`)},
		styleFile: {Data: []byte("h1{color:teal}")},
	}
	p, err := newPainter(builtIn(), own, "as.example")
	if err != nil {
		t.Fatal(err)
	}
	page, err := p.paint(errorFile, errorView{frame: p.frame, Title: "T"})
	if err != nil || !strings.Contains(string(page), "<h1>Own T</h1>") || !strings.Contains(string(page), "<style>h1{color:teal}</style>") {
		t.Errorf("%s, %v", page, err)
	}
	if page, err := p.paint(loginFile, loginView{frame: p.frame}); err != nil || !strings.Contains(string(page), "current-password") {
		t.Errorf("the page that was not replaced: %v", err)
	}
	for what, text := range map[string]string{
		"syntax":         `{{define "main"}}{{`,
		"unknown field":  `{{define "title"}}{{end}}{{define "main"}}{{.Password}}{{end}}`,
		"no title":       `{{define "main"}}{{end}}`,
		"unsafe context": `{{define "title"}}{{end}}{{define "main"}}<p {{.Title}}="x"` + "{{end}}",
	} {
		if _, err := newPainter(builtIn(), fstest.MapFS{errorFile: {Data: []byte(text)}}, "as.example"); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
	if _, err := newPainter(os.DirFS(t.TempDir()), nil, "as.example"); err == nil {
		t.Error("pages without templates are taken")
	}
}

// The page of somebody with very many apps stays within bounds, and says so.
func TestAppsPageIsBounded(t *testing.T) {
	s := &sessions{}
	p := &pages{painter: newTestPainter(t), sessions: s}
	for n, more := range map[int]bool{maxShownApps: false, maxShownApps + 1: true} {
		page, err := p.paintApps(httptest.NewRequest(http.MethodGet, "/apps", nil), visitor{}, make([]server.App, n))
		if err != nil {
			t.Fatal(err)
		}
		if shown := bytes.Count(page, []byte("<h2>")); shown != maxShownApps || bytes.Contains(page, []byte("not listed")) != more {
			t.Errorf("of %d apps %d are shown; says so: %v", n, shown, !more)
		}
	}
}
