package openapitest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Handler validates every answer of a server that is reached over a network, and
// passes it on as it is.
func Handler(t testing.TB, server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := *r // what the server does with r is its own affair
		address := *r.URL
		sent.URL = &address
		recorded := httptest.NewRecorder()
		server.ServeHTTP(recorded, r)
		Validate(t, &sent, recorded.Result())
		for name, values := range recorded.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(recorded.Code)
		w.Write(recorded.Body.Bytes())
	})
}
