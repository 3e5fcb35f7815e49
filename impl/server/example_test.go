package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// A server without an Interaction offers the grants that need no person.
func ExampleNew() {
	kek, err := seal.ParseKEK([]byte(seal.GenerateKEK()))
	if err != nil {
		panic(err)
	}
	srv, err := server.New(server.Config{Issuer: "https://auth.example.com", Store: memory.New(), KeyEncryptionKey: kek})
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://auth.example.com/.well-known/oauth-authorization-server", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 application/json
}
