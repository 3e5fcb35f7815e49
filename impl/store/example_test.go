package store_test

import (
	"fmt"

	"github.com/charterauth/charter/impl/store"
)

// A record is found by the digest of its secret, which never reaches a store.
func ExampleNewDigest() {
	const secret = "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="
	d := store.NewDigest(store.RefreshToken, secret)
	fmt.Println(len(d.String()), d == store.NewDigest(store.AccessToken, secret))
	// Output: 43 false
}
