package interact_test

import (
	"context"
	"fmt"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

func ExamplePages() {
	kek, err := seal.ParseKEK([]byte(seal.GenerateKEK()))
	if err != nil {
		panic(err)
	}
	st := memory.New()
	accounts := interact.NewLocalAccounts(st)
	if err := accounts.Add(context.Background(), "alice", "correct horse battery staple"); err != nil {
		panic(err)
	}
	srv, err := server.New(server.Config{
		Issuer:           "https://auth.example.com",
		Store:            st,
		KeyEncryptionKey: kek,
		Scopes:           []string{"notes"},
		Interaction: interact.Pages(interact.Config{
			Accounts:          accounts,
			Store:             st,
			ScopeDescriptions: map[string]string{"notes": "read your notes"},
		}),
		Policy: interact.RequireAccount(accounts),
	})
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	fmt.Println(srv.Issuer())
	// Output: https://auth.example.com
}
