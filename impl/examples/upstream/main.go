// Command upstream is an authorization server on http://127.0.0.1:8080 whose
// people sign in at another OpenID provider:
//
//	APP_KEY=$(openssl rand -base64 32) UPSTREAM_ISSUER=https://accounts.example.com \
//	UPSTREAM_CLIENT_ID=… UPSTREAM_CLIENT_SECRET=… go run ./impl/examples/upstream
//
// At the provider, register the redirect URI http://127.0.0.1:8080/login/upstream.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/interact/upstream"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

func main() {
	srv, err := newServer(context.Background(), "http://127.0.0.1:8080", "app.db", os.Getenv("APP_KEY"), upstream.Config{
		Issuer:       os.Getenv("UPSTREAM_ISSUER"),
		ClientID:     os.Getenv("UPSTREAM_CLIENT_ID"),
		ClientSecret: os.Getenv("UPSTREAM_CLIENT_SECRET"),
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", srv))
}

func newServer(ctx context.Context, issuer, path, key string, provider upstream.Config) (*server.Server, error) {
	st, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := st.Migrate(ctx, charter.Schema); err != nil {
		return nil, err
	}
	kek, err := seal.ParseKEK([]byte(key))
	if err != nil {
		return nil, err
	}
	accounts := interact.NewLinkedAccounts(st) // one of ours for each person there
	provider.Link = accounts.Link
	up, err := upstream.OpenID(provider)
	if err != nil {
		return nil, err
	}
	return server.New(server.Config{
		Issuer:           issuer,
		Store:            st,
		KeyEncryptionKey: kek,
		Scopes:           []string{"notes"},
		Registration:     server.RegistrationOpen,
		Interaction:      interact.Pages(interact.Config{Accounts: accounts, Upstream: up, Store: st}),
		Claims:           interact.Claims(accounts),
		Policy:           interact.RequireAccount(accounts),
	})
}
