package seal_test

import (
	"fmt"
	"strings"

	"github.com/charterauth/charter/impl/seal"
)

// A row that is copied onto another opens nothing.
func ExampleKEK_Seal() {
	kek, err := seal.ParseKEK([]byte(seal.GenerateKEK()))
	if err != nil {
		panic(err)
	}
	sealed := kek.Seal([]byte("private key"), seal.Identity("key-1", "ES256"))
	opened, err := kek.Open(sealed, seal.Identity("key-1", "ES256"))
	fmt.Println(string(opened), err)
	_, err = kek.Open(sealed, seal.Identity("key-2", "ES256"))
	fmt.Println(err)
	fmt.Println(kek)
	// Output:
	// private key <nil>
	// seal: does not open
	// [redacted]
}

func ExampleNewToken() {
	token := seal.NewToken(seal.PrefixAccessToken)
	fmt.Println(strings.HasPrefix(token, "chat_"), seal.WellFormed(seal.PrefixAccessToken, token))
	fmt.Println(seal.WellFormed(seal.PrefixAccessToken, token[:len(token)-1]))
	// Output:
	// true true
	// false
}
