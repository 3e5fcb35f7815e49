package pkce_test

import (
	"fmt"

	"github.com/charterauth/charter/impl/pkce"
)

// The verifier and the challenge of RFC 7636, appendix B.
func ExampleVerify() {
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge := pkce.Challenge(verifier)
	fmt.Println(challenge)
	fmt.Println(pkce.Verify(challenge, pkce.S256, verifier))
	fmt.Println(pkce.Verify(verifier, "plain", verifier))
	// Output:
	// E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
	// true
	// false
}
