package interact_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
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

func ExampleNewLocalAccounts() {
	accounts := interact.NewLocalAccounts(memory.New())
	fmt.Println(accounts.Add(context.Background(), "alice", "correct horse battery staple"))
	_, err := accounts.Authenticate(context.Background(), "alice", "wrong")
	fmt.Println(err)
	// Output:
	// <nil>
	// interact: wrong name or password
}

// Tokens of people who are gone are not renewed.
func ExampleRequireAccount() {
	policy := interact.RequireAccount(interact.NewLocalAccounts(memory.New()))
	issue := &server.Issue{Grant: store.Grant{Subject: "somebody who left"}}
	err := policy(context.Background(), issue) // the server calls it
	fmt.Println(err)
	fmt.Println("the grant ends:", issue.RevokeGrant)
	// Output:
	// invalid_grant (account_gone): the account is not there any more
	// the grant ends: true
}

// What clients may be told of people comes from their accounts.
func ExampleClaims() {
	ctx := context.Background()
	accounts := interact.NewLocalAccounts(memory.New())
	if err := accounts.Add(ctx, "alice", "correct horse battery staple"); err != nil {
		panic(err)
	}
	if err := accounts.SetClaims(ctx, "alice", json.RawMessage(`{"name":"Alice Liddell","updated_at":1}`)); err != nil {
		panic(err)
	}
	alice, err := accounts.Authenticate(ctx, "alice", "correct horse battery staple")
	if err != nil {
		panic(err)
	}
	told, err := interact.Claims(accounts)(ctx, alice.Subject) // for server.Config.Claims
	fmt.Println(string(told), err)
	// Output: {"name":"Alice Liddell","preferred_username":"alice","updated_at":1} <nil>
}

// Who signs in at another provider has an account here: the same each time, and
// with a subject that says nothing of the provider.
func ExampleNewLinkedAccounts() {
	ctx := context.Background()
	accounts := interact.NewLinkedAccounts(memory.New())
	first, err := accounts.Link(ctx, "https://accounts.example.org", "248289761001", json.RawMessage(`{"email":"jane@example.org"}`))
	if err != nil {
		panic(err)
	}
	again, err := accounts.Link(ctx, "https://accounts.example.org", "248289761001", json.RawMessage(`{"email":"jane.doe@example.org"}`))
	fmt.Println(again.Name, again.Subject == first.Subject, again.Subject == "248289761001", err)
	// Output: jane.doe@example.org true false <nil>
}
