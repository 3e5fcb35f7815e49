package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/server"
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

// Whoever names a document that is not made for them takes it from nobody: not the
// list of a sector from its members, nor the keys from a client that signs with them.
func TestSectorOfSomebodyElse(t *testing.T) {
	d := newDocumentServer(t)
	f := newKeyFixture(t, memory.New(), d.fetches)
	key := newClientKey(t, jose.ES256)
	var fetched atomic.Int64
	d.serve = func(w http.ResponseWriter, r *http.Request) {
		fetched.Add(1)
		switch r.URL.Path {
		case "/keys":
			fmt.Fprint(w, `{"keys":[`+key.jwk()+`]}`)
		default:
			fmt.Fprint(w, `["https://app.example.com/cb"]`)
		}
	}
	victim := f.operatorClient(server.OperatorClient{Metadata: []byte(`{"client_name":"Asserter","grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"` + d.URL + `/keys"}`)})
	asserts := func() url.Values {
		return with(machine, asserting(victim.ID, key.raw(key.header(`,"typ":"client-authentication+jwt"`), assertionClaims(f, victim.ID, nil))))
	}
	into := func(host, path string) string {
		return `{"redirect_uris":["https://` + host + `/cb"],"subject_type":"pairwise","sector_identifier_uri":"` + d.URL + path + `"}`
	}
	f.accepts("control", asserts())
	for _, path := range []string{"/keys", "/sector"} {
		servertest.Refused(t, f.JSON(http.MethodPost, "/register", into("evil.example.com", path)), http.StatusBadRequest, "invalid_client_metadata")
	}
	before := fetched.Load()
	f.accepts("after somebody took the keys for a sector", asserts())
	f.Register(into("app.example.com", "/sector"))
	if n := fetched.Load(); n != before {
		t.Errorf("%d documents were fetched again", n-before)
	}
}
