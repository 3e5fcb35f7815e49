package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"strings"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/client"
)

// formPostTemplate sends an authorization response as a form: by the one script
// that its policy admits, and without scripts by a button.
var formPostTemplate, formPostSources = readFormPost()

func readFormPost() (*template.Template, string) {
	text, err := charter.Pages.ReadFile("templates/pages/form_post.html")
	if err != nil {
		panic(err) // it is embedded
	}
	page := template.Must(template.New("form_post").Option("missingkey=error").Parse(string(text)))
	return page, "style-src " + hashOf(string(text), "style") + "; script-src " + hashOf(string(text), "script")
}

// hashOf returns the source expression that admits what stands in the one element
// of a name (CSP Level 3 §2.3.1).
func hashOf(page, element string) string {
	_, rest, _ := strings.Cut(page, "<"+element+">")
	text, _, _ := strings.Cut(rest, "</"+element+">")
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// formPostResponse returns the page that posts parameters to uri (OAuth 2.0 Form
// Post Response Mode §2).
func formPostResponse(uri string, parameters []parameter) Response {
	var b bytes.Buffer
	err := formPostTemplate.Execute(&b, struct {
		Action     template.HTMLAttr
		Host       string
		Parameters []parameter
	}{actionOf(uri), client.DisplayTarget(uri), parameters})
	if err != nil {
		panic(err) // a buffer takes everything, and the template's names are tested
	}
	return Response{page: b.Bytes(), policy: "default-src 'none'; " + formPostSources + "; form-action " + formSource(uri) + "; frame-ancestors 'none'; base-uri 'none'"}
}

// actionOf returns the attribute that names the registered URI byte for byte. As a
// URL the template would change it: an apostrophe becomes %27 there.
func actionOf(uri string) template.HTMLAttr {
	return template.HTMLAttr(`action="` + template.HTMLEscapeString(uri) + `"`)
}

// formSource returns the origin of uri as the one place that the form may go. A
// host-source cannot name an IPv6 address (CSP Level 3 §2.3.1).
func formSource(uri string) string {
	origin := client.RedirectOrigin(uri)
	if origin == "" || strings.ContainsAny(origin, "[;, ") {
		return "http:"
	}
	return origin
}
