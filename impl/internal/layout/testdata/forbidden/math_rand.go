package fixture

import (
	"crypto/rand"
	old "math/rand" // bad
	"math/rand/v2"  // bad
)
