package protect

import (
	"strings"
	"testing"
)

// What a preflight names goes into a header: tokens and commas alone.
func TestIsList(t *testing.T) {
	for s, want := range map[string]bool{
		"authorization, dpop": true, "X-A1,Z_9": true, "": false, "a:b": false, "a;b": false, "a{b}": false, "a\tb": false, "a\r\nb: c": false, "é": false, "a[0]": false, "a@b": false, "a/b": false,
		strings.Repeat("a", maxCORSHeader): true, strings.Repeat("a", maxCORSHeader+1): false,
	} {
		if isList(s) != want {
			t.Errorf("%.40q: %t", s, !want)
		}
	}
}

// JSON is said once, as application/json or a media type that is built on it.
func TestIsJSON(t *testing.T) {
	for s, want := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "application/jwk-set+json": true, "APPLICATION/JSON": true,
		"text/json": false, "json": false, "application/jsonp": false, "application/xml": false, "": false, "application/json; charset": false, "application/json; a=1; a=2": false, "text/html+json": false,
	} {
		if isJSON([]string{s}) != want {
			t.Errorf("%q: %t", s, !want)
		}
	}
	if isJSON([]string{"application/json", "application/json"}) || isJSON(nil) {
		t.Error("said twice, or not at all")
	}
}

// An origin is configured as browsers send it, or it would never match.
func TestCheckOrigin(t *testing.T) {
	for s, want := range map[string]bool{
		"*": true, "https://app.example": true, "https://app.example:8443": true, "http://localhost:3000": true,
		"https://app.example/": false, "https://app.example:443": false, "HTTPS://app.example": false, "https://App.example": false,
		"https://app.example/x": false, "https://app.example?x": false, "app.example": false, "null": false, "": false,
	} {
		if (checkOrigin(s) == nil) != want {
			t.Errorf("%q: %t", s, !want)
		}
	}
}
