package examplestest_test

import (
	"cmp"
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

const (
	issuer   = "https://auth.example.com"
	native   = "q7GdHkXb2nVtR0sYwLz5PA"
	reports  = "Zt4mWcE1uJpN8oKvA6yRbQ"
	secret   = "chcs_3hQp2wsVlxieURTfF5kXi6XhlAVzMZXgihjFcjr9vZK1KysdH"
	code     = "chac_wWh4hDHJk4NB8i75Hlr0P6WlfcdU6dZHl0WYOLSKbue2h2ijt"
	refresh  = "chrt_LI1GFdECpvQ3DfmojkjSoFfx3Z67os6pPNlu1VyLeHe3p0Xwz"
	access   = "chat_6G3lnumJdJskJjRdfH8QoSI9FYwSGCO7G3AVOq02TiB1tH1gw"
	own      = "chra_0PCexuUW26g3z45A2wkS8IdxuvPagjwT8rMKOLBnwTE4Sc5rj"
	foreign  = "chra_eC9iFQTsZ9JCBJ8ooto5dsEMWNyoItunvDbOSo75Myu3NKtbc"
	handle   = "chrq_2hSD7GkxZ2OdPpMSelC12RlSH5TBDUrXh77gTgyBBDs3jQqYZ"
	browser  = "chbr_cHII6y4J5WFB59CzSxfiDHHQLmwS9NnPA2GDBrEgh3G3Mz59N"
	session  = "chse_4pbMxMrU8FbnO8VYmtKwg9aIWqndxs6rXsbRTqa2Kuq0kqAVJ"
	resource = issuer + "/mcp"
)

type people struct{}

func (people) Authenticate(_ context.Context, name, password string) (interact.Identity, error) {
	if name == "alice" && password == "correct horse battery staple" {
		return interact.Identity{Subject: "alice", Name: "alice"}, nil
	}
	return interact.Identity{}, interact.ErrCredentials
}

func (people) Account(_ context.Context, subject string) (interact.Identity, error) {
	return interact.Identity{Subject: subject, Name: subject}, nil
}

func newServer(t *testing.T, operation, example string) http.Handler {
	st := memory.New()
	seed(t, st)
	kek, err := seal.ParseKEK([]byte(seal.GenerateKEK()))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Unix(1800000000, 0) }
	cfg := server.Config{
		Issuer: issuer, Store: st, KeyEncryptionKey: kek, Now: now,
		Interaction:  interact.Pages(interact.Config{Accounts: people{}, Store: st, Now: now}),
		Resources:    []server.Resource{{URI: resource, Name: "Example Files"}},
		Scopes:       []string{"files:read", "files:write"},
		Registration: server.RegistrationOpen, ClientIDMetadataDocuments: true,
	}
	if operation == "protectedResourceMetadata" {
		cfg.Resources = nil
	}
	if operation == "jwks" {
		cfg.Resources[0].TokenFormat = server.JWTES256
	}
	if operation == "register" && example == "foreign_token" {
		cfg.Registration = server.RegistrationToken
	}
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func seed(t *testing.T, st store.Store) {
	ctx, now := context.Background(), time.Unix(1800000000, 0).UTC()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	add := func(c store.Client, token string) {
		c.Source, c.Revision, c.CreatedAt, c.UpdatedAt = cmp.Or(c.Source, "dynamic"), 1, now, now
		_, err := st.RegisterClient(ctx, c, now, store.Token{Digest: store.NewDigest(store.RegistrationAccessToken, token), Kind: store.RegistrationAccessToken, ClientID: c.ID, CreatedAt: now})
		must(err)
	}
	add(store.Client{ID: native, Metadata: []byte(`{"client_name":"Example Editor","application_type":"native","redirect_uris":["http://127.0.0.1/callback","cursor://example.editor/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}`)}, own)
	add(store.Client{ID: reports, Secrets: []store.ClientSecret{{Hash: client.HashGenerated(secret), CreatedAt: now}}, Metadata: []byte(`{"client_name":"Example Reports","redirect_uris":["https://reports.example.com/callback"],"token_endpoint_auth_method":"client_secret_basic","grant_types":["authorization_code","refresh_token","client_credentials"],"response_types":["code"],"scope":"files:read files:write"}`), Source: "operator"}, foreign)
	g := store.Grant{ID: "g1", Subject: "alice", ClientID: native, Scopes: []string{"files:read"}, Resources: []string{resource}, RedirectURI: "http://127.0.0.1:49152/callback", AuthTime: now, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	tok := func(kind store.Kind, value string, g store.Grant, parameters string) store.Token {
		x := store.Token{Digest: store.NewDigest(kind, value), Kind: kind, GrantID: g.ID, ClientID: g.ClientID, Scopes: g.Scopes, Resources: g.Resources, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
		if parameters != "" {
			x.Parameters = []byte(parameters)
		}
		return x
	}
	must(st.Issue(ctx, g, tok(store.AuthorizationCode, code, g, `{"redirect_uri":"http://127.0.0.1:49152/callback","redirect_uri_sent":true,"code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}`), tok(store.RefreshToken, refresh, g, "")))
	own := store.Grant{ID: "g2", Subject: reports, ClientID: reports, Scopes: []string{"files:read"}, Resources: []string{resource}, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	must(st.Issue(ctx, own, tok(store.AccessToken, access, own, "")))
	must(st.CreateRequest(ctx, store.Request{Handle: store.NewDigest(store.AuthorizationRequest, handle), Browser: store.NewDigest(store.Browser, browser), ClientID: native, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		Parameters: []byte(`{"redirect_uri":"http://127.0.0.1:49152/callback","redirect_uri_sent":true,"state":"af0ifjsldkj","scopes":["files:read"],"resources":["https://auth.example.com/mcp"],"code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}`)}))
	must(st.CreateSession(ctx, store.Session{Digest: store.NewDigest(store.BrowserSession, session+" "+issuer), Subject: "alice", AuthTime: now, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}, store.Digest{}))
}
