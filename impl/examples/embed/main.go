// Command embed is a program with an authorization server of its own, on
// http://127.0.0.1:8080:
//
//	APP_KEY=$(openssl rand -base64 32) APP_PASSWORD=… go run ./impl/examples/embed
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

func main() {
	ctx := context.Background()
	srv, accounts, err := newServer(ctx, "http://127.0.0.1:8080", "app.db", os.Getenv("APP_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	if err := accounts.Add(ctx, "alice", os.Getenv("APP_PASSWORD")); err != nil {
		log.Print("alice: ", err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", srv))
}

func newServer(ctx context.Context, issuer, path, key string) (*server.Server, *interact.LocalAccounts, error) {
	st, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	if err := st.Migrate(ctx, charter.Schema); err != nil {
		return nil, nil, err
	}
	kek, err := seal.ParseKEK([]byte(key)) // seals the signing keys in the database
	if err != nil {
		return nil, nil, err
	}
	accounts := interact.NewLocalAccounts(st) // or interact.AccountFuncs over your own users
	srv, err := server.New(server.Config{
		Issuer:           issuer,
		Store:            st,
		KeyEncryptionKey: kek,
		Scopes:           []string{"notes"},
		Registration:     server.RegistrationOpen,
		Interaction:      interact.Pages(interact.Config{Accounts: accounts, Store: st}),
		Policy: func(_ context.Context, i *server.Issue) error {
			i.Props = json.RawMessage(`{"plan":"free"}`) // yours alone, encrypted with the token
			return nil
		},
	})
	return srv, accounts, err
}
