package fixture

import "github.com/golang-jwt/jwt/v5"

func f() {
	jwt.Parse("", nil)                   // bad
	jwt.ParseWithClaims("", nil, nil)    // bad
	jwt.NewParser()                      // bad
	_ = jwt.UnsafeAllowNoneSignatureType // bad
	_ = jwt.SigningMethodES256
}
