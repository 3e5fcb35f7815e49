package fixture

import "net/url"

func f(s string) {
	url.Parse(s)           // bad
	url.ParseRequestURI(s) // bad
	url.QueryEscape(s)
}
