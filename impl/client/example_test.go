package client_test

import (
	"fmt"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
)

func ExampleParse() {
	rules := client.Rules{GrantTypes: []gen.GrantType{gen.GrantTypeAuthorizationCode}}
	m, err := client.Parse([]byte(`{"redirect_uris":["https://app.example.com/cb"]}`), rules)
	fmt.Println(m.AuthMethod(), m.UsableRedirectURIs(), err)
	// Output: client_secret_basic [https://app.example.com/cb] <nil>
}

// A native application takes whatever port is free (RFC 8252 §7.3).
func ExampleMatchRedirectURI() {
	registered := []string{"http://127.0.0.1/callback", "https://app.example.com/cb"}
	fmt.Println(client.MatchRedirectURI(registered, "http://127.0.0.1:49152/callback"))
	fmt.Println(client.MatchRedirectURI(registered, "https://app.example.com:8443/cb"))
	// Output:
	// true
	// false
}
