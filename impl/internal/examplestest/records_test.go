package examplestest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// What the examples speak of.
const (
	issuer   = "https://auth.example.com"
	native   = "q7GdHkXb2nVtR0sYwLz5PA"
	reports  = "Zt4mWcE1uJpN8oKvA6yRbQ"
	secret   = "chcs_3hQp2wsVlxieURTfF5kXi6XhlAVzMZXgihjFcjr9vZK1KysdH"
	code     = "chac_wWh4hDHJk4NB8i75Hlr0P6WlfcdU6dZHl0WYOLSKbue2h2ijt"
	refresh  = "chrt_LI1GFdECpvQ3DfmojkjSoFfx3Z67os6pPNlu1VyLeHe3p0Xwz"
	login    = "chac_jMK4bKnznj95eMW4kF78EK1lqcDUeLm52ss0TrpDOws1biw3K"
	identity = "chat_fVDMDDU8c8F93FxMK8jNwZk7lKQELqSzGBCB8O5kDUe32RpLL"
	access   = "chat_6G3lnumJdJskJjRdfH8QoSI9FYwSGCO7G3AVOq02TiB1tH1gw"
	own      = "chra_0PCexuUW26g3z45A2wkS8IdxuvPagjwT8rMKOLBnwTE4Sc5rj"
	foreign  = "chra_eC9iFQTsZ9JCBJ8ooto5dsEMWNyoItunvDbOSo75Myu3NKtbc"
	handle   = "chrq_2hSD7GkxZ2OdPpMSelC12RlSH5TBDUrXh77gTgyBBDs3jQqYZ"
	leaving  = "chlo_FDlHMlLxuWXM0TZ4J7qy4ATtPx9F8dY4HihXhHPV97I2Uzd4v"
	wayBack  = "chlo_iiDfv8VNW4UbR4vOyIdmgPQtirywPAahj5m5UAxRECv3QlayX"
	byForm   = "chrq_mkQ6juXMt9S1CDCTwtYFyK4Jx9spKGzlR2Hfk1lqZPy0EgcLl"
	browser  = "chbr_cHII6y4J5WFB59CzSxfiDHHQLmwS9NnPA2GDBrEgh3G3Mz59N"
	session  = "chse_4pbMxMrU8FbnO8VYmtKwg9aIWqndxs6rXsbRTqa2Kuq0kqAVJ"
	resource = issuer + "/mcp"

	callback  = "http://127.0.0.1:49152/callback"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// begin is when all examples take place.
var begin = time.Unix(1800000000, 0).UTC()

func now() time.Time { return begin }

// people has one account, alice.
type people struct{}

func (people) Authenticate(_ context.Context, name, password string) (interact.Identity, error) {
	if name == "alice" && password == "correct horse battery staple" {
		return interact.Identity{Subject: "alice", Name: "alice"}, nil
	}
	return interact.Identity{}, interact.ErrCredentials
}

// signUp makes any account but that of alice.
func signUp(_ context.Context, name, _ string) (interact.Identity, error) {
	if name == "alice" {
		return interact.Identity{}, interact.ErrNameTaken
	}
	return interact.Identity{Subject: name, Name: name}, nil
}

func (people) Account(_ context.Context, subject string) (interact.Identity, error) {
	return interact.Identity{Subject: subject, Name: subject, Claims: []byte(`{"name":"Alice Adams","preferred_username":"alice","updated_at":1790000000,"email":"alice@example.com","email_verified":true}`)}, nil
}

// elsewhere signs in alice, unless the code says that she is shut out.
var elsewhere = &interact.Upstream{
	Name: "Example Accounts",
	Begin: func(context.Context, interact.UpstreamAttempt) (string, error) {
		return "https://accounts.example.org/", nil
	},
	SignIn: func(_ context.Context, _ interact.UpstreamAttempt, answer interact.UpstreamAnswer) (interact.Identity, error) {
		if answer.Code == "shut_out" {
			return interact.Identity{}, interact.ErrNoAccount
		}
		return interact.Identity{Subject: "alice", Name: "alice"}, nil
	},
}

func signedInElsewhere(c *server.Config) {
	c.Interaction = interact.Pages(interact.Config{Accounts: people{}, Upstream: elsewhere, Store: c.Store, Now: now})
}

// newServer returns a server that holds the records, with changes to its
// configuration.
func newServer(t *testing.T, change ...func(*server.Config)) http.Handler {
	t.Helper()
	st := memory.New()
	seed(t, st)
	servertest.SeedKeys(t, st, begin)
	cfg := server.Config{
		Issuer: issuer, Store: st, KeyEncryptionKey: servertest.KEK(t), Now: now,
		Interaction:  interact.Pages(interact.Config{Accounts: people{}, SignUp: signUp, Store: st, Now: now}),
		Claims:       interact.Claims(people{}),
		Resources:    []server.Resource{{URI: resource, Name: "Example Files"}},
		Scopes:       []string{"files:read", "files:write"},
		Registration: server.RegistrationOpen, ClientIDMetadataDocuments: true,
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// seed writes the records that the examples need before anything is sent: their
// tokens stand in the document, so the server under test cannot have issued them.
func seed(t *testing.T, st store.Store) {
	t.Helper()
	seedClient(t, st, own, store.Client{ID: native, Source: "dynamic", Metadata: []byte(`{"client_name":"Example Editor","application_type":"native",
		"redirect_uris":["http://127.0.0.1/callback","cursor://example.editor/callback"],"token_endpoint_auth_method":"none",
		"grant_types":["authorization_code","refresh_token"],"response_types":["code"]}`)})
	seedClient(t, st, foreign, store.Client{ID: reports, Source: "operator", Metadata: []byte(`{"client_name":"Example Reports",
		"redirect_uris":["https://reports.example.com/callback"],"post_logout_redirect_uris":["https://reports.example.com/bye"],"token_endpoint_auth_method":"client_secret_basic",
		"grant_types":["authorization_code","refresh_token","client_credentials"],"response_types":["code"],"scope":"files:read files:write"}`),
		Secrets: []store.ClientSecret{{Hash: client.HashGenerated(secret), CreatedAt: begin}}})

	hours := begin.Add(time.Hour)
	ofAlice := store.Grant{ID: "g1", Subject: "alice", ClientID: native, Scopes: []string{"files:read"}, Resources: []string{resource}, RedirectURI: callback, AuthTime: begin, CreatedAt: begin, ExpiresAt: hours}
	ofLogin := ofAlice
	ofLogin.ID, ofLogin.Scopes = "g3", []string{"openid", "profile"}
	inLogin := token(store.AuthorizationCode, login, ofLogin)
	inLogin.Parameters = []byte(`{"redirect_uri":"` + callback + `","redirect_uri_sent":true,"code_challenge":"` + challenge + `","nonce":"n-0S6_WzA2Mj"}`)
	ofReports := store.Grant{ID: "g2", Subject: reports, ClientID: reports, Scopes: []string{"files:read"}, Resources: []string{resource}, CreatedAt: begin, ExpiresAt: hours}
	asked := `"redirect_uri":"` + callback + `","redirect_uri_sent":true,"code_challenge":"` + challenge + `"`
	inCode := token(store.AuthorizationCode, code, ofAlice)
	inCode.Parameters = []byte("{" + asked + "}")
	for _, err := range []error{
		st.Issue(t.Context(), &ofAlice, inCode, token(store.RefreshToken, refresh, ofAlice)),
		st.Issue(t.Context(), &ofLogin, inLogin, token(store.AccessToken, identity, ofLogin)),
		st.Issue(t.Context(), &ofReports, token(store.AccessToken, access, ofReports)),
		st.Issue(t.Context(), nil, store.Token{Digest: store.NewDigest(store.AuthorizationRequest, handle), Kind: store.AuthorizationRequest, ClientID: native, CreatedAt: begin, ExpiresAt: hours,
			Parameters: []byte("{" + asked + `,"browser":"` + store.NewDigest(store.Browser, browser+" "+issuer).String() + `","state":"af0ifjsldkj","scopes":["files:read"],"resources":["` + resource + `"]}`)}),
		st.Issue(t.Context(), nil, store.Token{Digest: store.NewDigest(store.AuthorizationRequest, byForm), Kind: store.AuthorizationRequest, ClientID: native, CreatedAt: begin, ExpiresAt: hours,
			Parameters: []byte("{" + asked + `,"browser":"` + store.NewDigest(store.Browser, browser+" "+issuer).String() + `","form_post":true,"scopes":["files:read"],"resources":["` + resource + `"]}`)}),
		st.Issue(t.Context(), nil, store.Token{Digest: store.NewDigest(store.LogoutRequest, leaving+" "+issuer), Kind: store.LogoutRequest, ClientID: reports, CreatedAt: begin, ExpiresAt: hours, Parameters: []byte("{}")}),
		st.Issue(t.Context(), nil, store.Token{Digest: store.NewDigest(store.LogoutRequest, wayBack+" "+issuer), Kind: store.LogoutRequest, ClientID: reports, CreatedAt: begin, ExpiresAt: hours,
			Parameters: []byte(`{"subject":"alice","redirect_uri":"https://reports.example.com/bye","state":"af0ifjsldkj"}`)}),
		st.CreateSession(t.Context(), store.Session{Digest: store.NewDigest(store.BrowserSession, session+" "+issuer), ID: "s1", Subject: "alice", AuthTime: begin, CreatedAt: begin, ExpiresAt: hours}, store.Digest{}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// seedClient stores a client with its registration access token.
func seedClient(t *testing.T, st store.Store, registrationToken string, c store.Client) {
	t.Helper()
	c.Revision, c.CreatedAt, c.UpdatedAt = 1, begin, begin
	_, err := st.RegisterClient(t.Context(), c, begin, store.Token{Digest: store.NewDigest(store.RegistrationAccessToken, registrationToken), Kind: store.RegistrationAccessToken, ClientID: c.ID, CreatedAt: begin})
	if err != nil {
		t.Fatal(err)
	}
}

func token(kind store.Kind, value string, g store.Grant) store.Token {
	return store.Token{Digest: store.NewDigest(kind, value), Kind: kind, GrantID: g.ID, ClientID: g.ClientID, Scopes: g.Scopes, Resources: g.Resources, CreatedAt: begin, ExpiresAt: g.ExpiresAt}
}
