// Command ownpages is an authorization server with the pages and the users of
// the program, on http://127.0.0.1:8080:
//
//	APP_PASSWORD=… go run ./impl/examples/ownpages
package main

import (
	"log"
	"net/http"
	"os"

	"golang.org/x/crypto/bcrypt"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

func main() {
	hash, err := bcrypt.GenerateFromPassword([]byte(os.Getenv("APP_PASSWORD")), bcrypt.DefaultCost)
	if err != nil {
		log.Fatal(err)
	}
	srv, err := newServer("http://127.0.0.1:8080", map[string]user{"alice": {ID: "user-1", Plan: "free", Hash: hash}})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", srv))
}

func newServer(issuer string, users map[string]user) (*server.Server, error) {
	kek, err := seal.ParseKEK([]byte(seal.GenerateKEK())) // as short-lived as the store
	if err != nil {
		return nil, err
	}
	return server.New(server.Config{
		Issuer: issuer, Store: memory.New(), KeyEncryptionKey: kek,
		Scopes: []string{"notes", "notes:write"}, Registration: server.RegistrationOpen,
		Interaction: func(s *server.Server) (server.Interaction, error) { return pages{s, users}, nil },
	})
}
