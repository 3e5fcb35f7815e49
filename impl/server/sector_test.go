package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store/memory"
)

// The document of a sector is fetched when a client registers into it, and when
// it changes its registration.
func TestSectorIsFetchedAtRegistration(t *testing.T) {
	proof.Of(t, "OIDC-REG-5-1", "OIDC-REG-5-2", "OIDC-REG-5-3", "OIDC-CORE-8.1-5", "OIDC-CORE-8.1-6")
	d := newDocumentServer(t)
	f := newKeyFixture(t, memory.New(), d.fetches)
	d.serve = func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			fmt.Fprint(w, `["https://app.example.com/cb","https://app.example.net/cb"]`)
		case "/partial":
			fmt.Fprint(w, `["https://app.example.com/cb"]`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}
	metadata := func(path string) string {
		return `{"redirect_uris":["https://app.example.com/cb","https://app.example.net/cb"],"subject_type":"pairwise","sector_identifier_uri":"` + d.URL + path + `"`
	}
	for _, path := range []string{"/partial", "/none"} {
		servertest.Refused(t, f.JSON(http.MethodPost, "/register", metadata(path)+"}"), http.StatusBadRequest, "invalid_client_metadata")
	}
	c := f.Register(metadata("/good") + "}")
	f.Clock.Move(time.Minute)
	servertest.Refused(t, f.JSON(http.MethodPut, "/register/"+c.ID, metadata("/partial")+`,"client_id":"`+c.ID+`"}`, servertest.Bearer(c.RegistrationToken)), http.StatusBadRequest, "invalid_client_metadata")
	f.Clock.Move(time.Minute)
	servertest.Decode(t, f.JSON(http.MethodPut, "/register/"+c.ID, metadata("/good")+`,"client_id":"`+c.ID+`"}`, servertest.Bearer(c.RegistrationToken)), http.StatusOK)
}
