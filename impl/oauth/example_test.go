package oauth_test

import (
	"fmt"

	"github.com/charterauth/charter/impl/oauth"
)

func ExampleParseScope() {
	asked, err := oauth.ParseScope("read write read")
	if err != nil {
		panic(err)
	}
	fmt.Println(asked, asked.SubsetOf(oauth.Scope{"read"}))
	fmt.Println(asked.Intersect(oauth.Scope{"read"}))
	// Output:
	// read write false
	// read
}

func ExampleResource_Covers() {
	mcp, err := oauth.ParseResource("HTTPS://api.example.com:443/mcp")
	if err != nil {
		panic(err)
	}
	fmt.Println(mcp)
	for _, uri := range []string{"https://api.example.com/mcp/tools", "https://api.example.com/mcpx"} {
		requested, err := oauth.ParseResource(uri)
		fmt.Println(uri, mcp.Covers(requested), err)
	}
	// Output:
	// https://api.example.com/mcp
	// https://api.example.com/mcp/tools true <nil>
	// https://api.example.com/mcpx false <nil>
}

func ExampleInvalidGrant() {
	err := oauth.InvalidGrant("code_replayed", "the code was used before")
	fmt.Println(err.Status(), err.Code, err.Description) // Reason is for the operator
	// Output: 400 invalid_grant the code was used before
}
