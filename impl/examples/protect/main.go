// Command protect is an API on http://127.0.0.1:8081 whose callers need a token
// of the Charter server at ISSUER. The API is a client of that server, so that it
// may ask about tokens:
//
//	charter clients create --name 'Notes API' --grant client_credentials
//	ISSUER=http://127.0.0.1:8080 CLIENT_ID=… CLIENT_SECRET=… go run ./impl/examples/protect
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/charterauth/charter/impl/protect"
)

func main() {
	api, err := newAPI("http://127.0.0.1:8081", os.Getenv("ISSUER"), os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8081", api))
}

// newAPI returns the API behind its guard. For every request without a good token
// the guard answers, and tells the client where to get one.
func newAPI(resource, issuer, clientID, clientSecret string) (http.Handler, error) {
	verifier, err := protect.Introspection(protect.IntrospectionConfig{
		Endpoint: issuer + "/introspect", Issuer: issuer, ClientID: clientID, ClientSecret: clientSecret,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /notes", list)
	mux.Handle("POST /notes", protect.RequireScopes(http.HandlerFunc(add), "notes:write"))
	return protect.Handler(mux, protect.Config{
		Resource:             resource,
		Name:                 "Notes",
		AuthorizationServers: []string{issuer},
		Verifier:             verifier,
		Scopes:               []string{"notes"},
		ScopesSupported:      []string{"notes", "notes:write"},
	})
}

func list(w http.ResponseWriter, r *http.Request) {
	caller, _ := protect.FromContext(r.Context())
	fmt.Fprintf(w, "notes of %s\n", caller.Subject)
}

func add(w http.ResponseWriter, r *http.Request) {
	caller, _ := protect.FromContext(r.Context())
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, "a note more of %s\n", caller.Subject)
}
