package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

const publicMetadata = `{"client_name":"App","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`

// registers sends a registration.
func (f fixture) register(document string, change ...func(*http.Request)) *http.Response {
	return f.JSON(http.MethodPost, "/register", document, change...)
}

// RFC7591-3.2-1, RFC7591-3.2.1-2, -6, -7, RFC7591-2-5, -6, -7, RFC7592-3-1, -2, RFC7592-B-1: the answer has all that was registered, with defaults, and
// the secrets once.
func TestRegistrationAnswer(t *testing.T) {
	proof.Of(t, "OAUTH21-2.4-1")
	f := newFixture(t)
	res := f.register(`{"redirect_uris":["https://web.example.com/cb"],"client_name":"Web","client_name#de":"Netz","scope":"read anything","contacts":["a@example.com"],"software_id":"x"}`)
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	m := servertest.Decode(t, res, http.StatusCreated)
	for name, want := range map[string]string{
		"token_endpoint_auth_method": "client_secret_basic", "grant_types": "[authorization_code]", "response_types": "[code]",
		"client_name": "Web", "client_name#de": "Netz", "scope": "read anything", "contacts": "[a@example.com]", "software_id": "x",
		"client_secret_expires_at": "0", "client_id_issued_at": fmt.Sprint(float64(f.Clock.Now().Unix())),
		"registration_client_uri": servertest.Issuer + "/register/" + fmt.Sprint(m["client_id"]),
		"redirect_uris":           "[https://web.example.com/cb]",
	} {
		if got := fmt.Sprint(m[name]); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"client_id", "client_secret", "registration_access_token"} {
		if s, _ := m[name].(string); len(s) < 20 {
			t.Errorf("%s: %v", name, m[name])
		}
	}
	public := servertest.Decode(t, f.register(publicMetadata), http.StatusCreated)
	for _, name := range []string{"client_secret", "client_secret_expires_at"} {
		if _, ok := public[name]; ok {
			t.Errorf("a public client has %s", name)
		}
	}
}

// ATK-110, KC-53079, BA-8998, RFC7591-2-16: what is stored is what the document declares; nothing
// that a client says makes it more than a stranger.
func TestRegistrationKeepsDeclaredMembersOnly(t *testing.T) {
	proof.Of(t, "ATK-110", "ATK-78")
	f := newFixture(t)
	m := servertest.Decode(t, f.register(`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none",
		"client_id":"mine","id":"mine","client_secret":"mine","owner":"me","source":"operator","Source":"operator","skip_consent":true,"trusted":true,
		"insecure_no_pkce":true,"InsecureNoPKCE":true,"shared":true,"revision":99,"expires_at":"9999-01-01T00:00:00Z","disabled_at":null,
		"fingerprint":"x","secrets":[{"hash":"x"}],"registration_access_token":"mine","client_id_issued_at":1,"software_statement":"e30.e30."}`), http.StatusCreated)
	id, _ := m["client_id"].(string)
	if id == "mine" {
		t.Fatal("a client chose its client_id (ATK-78)")
	}
	stored, err := f.Store.Client(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	if stored.Source != "dynamic" || stored.InsecureNoPKCE || stored.Shared || stored.Secrets != nil || !stored.ExpiresAt.Equal(f.Clock.Now().Add(90*24*time.Hour)) {
		t.Errorf("stored %+v", stored)
	}
	for _, name := range []string{"owner", "source", "trusted", "skip_consent", "client_secret", "mine", "software_statement"} {
		if strings.Contains(string(stored.Metadata), name) {
			t.Errorf("stored metadata has %s: %s", name, stored.Metadata)
		}
		if _, ok := m[name]; ok {
			t.Errorf("the answer has %s", name)
		}
	}
}

// ATK-111, ATK-113, ATK-118, ATK-159, RFC7591-2-1, -13, RFC7591-2.1-1, RFC7591-3.2.2-1, -3, -4, CVE-2026-22752: what is refused, and as what.
func TestRegistrationRefusals(t *testing.T) {
	proof.Of(t, "ATK-111", "ATK-113", "ATK-118", "ATK-159", "ATK-112")
	f := newFixture(t)
	uris := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`"https://app.example.com/%d"`, i))
		}
		return strings.Join(list, ",")
	}
	const good = `"redirect_uris":["https://app.example.com/cb"]`
	for _, row := range []struct {
		name, document string
		status         int
		code           string
	}{
		{"no redirect URI", `{}`, 400, "invalid_redirect_uri"},
		{"empty list", `{"redirect_uris":[]}`, 400, "invalid_redirect_uri"},
		{"implicit alone", `{` + good + `,"grant_types":["implicit"]}`, 400, "invalid_client_metadata"},
		{"password alone", `{` + good + `,"grant_types":["password"]}`, 400, "invalid_client_metadata"},
		{"client_credentials alone", `{"grant_types":["client_credentials"]}`, 400, "invalid_client_metadata"},
		{"response_type token", `{` + good + `,"response_types":["token"]}`, 400, "invalid_client_metadata"},
		{"no authorization_code, but code", `{` + good + `,"grant_types":["client_credentials"],"response_types":["code"]}`, 400, "invalid_client_metadata"},
		{"public machine", `{` + good + `,"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"}`, 400, "invalid_client_metadata"},
		{"private_key_jwt", `{` + good + `,"token_endpoint_auth_method":"private_key_jwt"}`, 400, "invalid_client_metadata"},
		{"method of another case", `{` + good + `,"token_endpoint_auth_method":"NONE"}`, 400, "invalid_client_metadata"},
		{"application type", `{` + good + `,"application_type":"toaster"}`, 400, "invalid_client_metadata"},
		{"21 redirect URIs", `{"redirect_uris":[` + uris(21) + `]}`, 400, "invalid_redirect_uri"},
		{"21 contacts", `{` + good + `,"contacts":[` + strings.Repeat(`"a",`, 20) + `"a"]}`, 400, "invalid_client_metadata"},
		{"long name", `{` + good + `,"client_name":"` + strings.Repeat("a", 257) + `"}`, 400, "invalid_client_metadata"},
		{"name with newline", `{` + good + `,"client_name":"a\nb"}`, 400, "invalid_client_metadata"},
		{"logo by javascript", `{` + good + `,"logo_uri":"javascript:alert(1)"}`, 400, "invalid_client_metadata"},
		{"logo#de by data", `{` + good + `,"logo_uri#de":"data:text/html,x"}`, 400, "invalid_client_metadata"},
		{"policy by http", `{` + good + `,"policy_uri":"http://app.example.com/p"}`, 400, "invalid_client_metadata"},
		{"tos with userinfo", `{` + good + `,"tos_uri":"https://a@evil.com/"}`, 400, "invalid_client_metadata"},
		{"jwks and jwks_uri", `{` + good + `,"jwks":{"keys":[]},"jwks_uri":"https://app.example.com/jwks"}`, 400, "invalid_client_metadata"},
		{"private key", `{` + good + `,"jwks":{"keys":[{"kty":"EC","d":"x"}]}}`, 400, "invalid_client_metadata"},
		{"symmetric key", `{` + good + `,"jwks":{"keys":[{"kty":"oct","k":"x"}]}}`, 400, "invalid_client_metadata"},
		{"one kid twice", `{` + good + `,"jwks":{"keys":[` + publicKey("a") + `,` + publicKey("a") + `]}}`, 400, "invalid_client_metadata"},
		{"321 keys", `{` + good + `,"jwks":{"keys":[` + strings.Repeat(publicKey("")+",", 320) + publicKey("") + `]}}`, 400, "invalid_client_metadata"},
		{"member in another case", `{` + good + `,"Client_Name":"a"}`, 400, "invalid_client_metadata"},
		{"member twice", `{` + good + `,` + good + `}`, 400, "invalid_client_metadata invalid_request"},
		{"two documents", `{` + good + `}{}`, 400, "invalid_client_metadata invalid_request"},
		{"array", `[{` + good + `}]`, 400, "invalid_client_metadata invalid_request"},
		{"deep", `{"a":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`, 400, "invalid_client_metadata invalid_request"},
		{"BOM", "\ufeff{" + good + `}`, 400, "invalid_client_metadata invalid_request"},
		{"no JSON", `redirect_uris=x`, 400, "invalid_client_metadata invalid_request"},
		{"wrong type", `{"redirect_uris":"https://app.example.com/cb"}`, 400, "invalid_redirect_uri"},
		{"64 KiB and 1", `{"x":"` + strings.Repeat("a", 64<<10) + `"}`, 413, "invalid_request"},
	} {
		f.unchanged(t, row.name, func() {
			m := servertest.Decode(t, f.register(row.document), row.status)
			if code, _ := m["error"].(string); !slices.Contains(strings.Fields(row.code), code) {
				t.Errorf("%s: %v, want %s", row.name, m, row.code)
			}
			description, _ := m["error_description"].(string)
			onlyDescriptionCharacters(t, row.name, description)
		})
	}
	for name, document := range map[string]string{
		"minimal": `{` + good + `}`, "20 URIs": `{"redirect_uris":[` + uris(20) + `]}`,
		"all grants listed": `{` + good + `,"grant_types":["authorization_code","refresh_token","implicit","urn:x:y"],"response_types":["code","token"]}`,
		"keys":              `{` + good + `,"jwks":{"keys":[` + publicKey("a") + `,` + publicKey("b") + `]}}`,
	} {
		if res := f.register(document); res.StatusCode != http.StatusCreated {
			body, _ := io.ReadAll(res.Body)
			t.Errorf("%s: %d %s", name, res.StatusCode, body)
		}
	}
}

// publicKey is the key of RFC 7515 Appendix A.3.
func publicKey(kid string) string {
	if kid != "" {
		kid = `,"kid":"` + kid + `"`
	}
	return `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"` + kid + `}`
}

// RFC7591-3.2.1-1: of the grants that a client lists it gets, and is told, those
// that it can use; client_credentials is an operator's to give.
func TestRegistrationNarrowsGrants(t *testing.T) {
	f := newFixture(t)
	m := servertest.Decode(t, f.register(`{"redirect_uris":["https://a.example.com/cb"],"grant_types":["authorization_code","client_credentials","refresh_token","implicit"],"response_types":["code","token"]}`), http.StatusCreated)
	if fmt.Sprint(m["grant_types"]) != "[authorization_code refresh_token]" || fmt.Sprint(m["response_types"]) != "[code]" {
		t.Errorf("%v", m)
	}
}

// Who may register: RFC7591-3-3, SUP-21, GHSA-9h47-pqcx-hjr4.
func TestRegistrationModes(t *testing.T) {
	proof.Of(t, "RFC7591-5-6", "RFC7591-5-10")
	proof.Of(t, "GHSA-9h47-pqcx-hjr4", "ATK-104")
	closed := newFixture(t, func(c *server.Config) { c.Registration = 0 })
	closed.unchanged(t, "closed", func() {
		servertest.Refused(t, closed.register(publicMetadata), http.StatusForbidden, "access_denied")
		servertest.Refused(t, closed.register(publicMetadata, servertest.Bearer("x")), http.StatusForbidden, "access_denied")
	})

	f := newFixture(t, func(c *server.Config) { c.Registration = server.RegistrationToken })
	token, err := server.CreateInitialAccessToken(context.Background(), f.Store, f.Clock.Now(), f.Clock.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*http.Request){
		"none":      func(*http.Request) {},
		"empty":     func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
		"made up":   servertest.Bearer("x"),
		"cut":       servertest.Bearer(token[:len(token)-1]),
		"as Basic":  servertest.Basic("x", token),
		"with more": servertest.Bearer(token + " x"),
	} {
		f.unchanged(t, name, func() {
			res := f.register(publicMetadata, change)
			if got := res.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer realm=") || strings.Contains(got, token) {
				t.Errorf("%s: WWW-Authenticate %q", name, got)
			}
			servertest.Refused(t, res, http.StatusUnauthorized, "invalid_token")
		})
	}
	// ATK-104: credentials in a query end up in logs.
	f.unchanged(t, "in the query", func() {
		servertest.Refused(t, f.register(publicMetadata, func(r *http.Request) { r.URL.RawQuery = "access_token=" + token }), http.StatusBadRequest, "invalid_request")
	})
	for range 2 {
		if res := f.register(publicMetadata, servertest.Bearer(token)); res.StatusCode != http.StatusCreated {
			t.Errorf("with the token: %d", res.StatusCode)
		}
	}
	if res := f.register(publicMetadata, func(r *http.Request) { r.Header.Set("Authorization", "bearer "+token) }); res.StatusCode != http.StatusCreated {
		t.Errorf("scheme in lower case: %d", res.StatusCode)
	}
	f.Clock.Move(time.Hour)
	servertest.Refused(t, f.register(publicMetadata, servertest.Bearer(token)), http.StatusUnauthorized, "invalid_token")
}

// Idempotent registration: the same public metadata within the window is the
// same client; only the first registrant has a token, which from then on reads.
func TestRegistrationIsIdempotent(t *testing.T) {
	proof.Of(t, "RFC7592-2.2-13", "RFC7592-2.3-8")
	f := newFixture(t)
	first := servertest.Decode(t, f.register(publicMetadata), http.StatusCreated)
	f.Clock.Move(23 * time.Hour)
	again := servertest.Decode(t, f.register(`{"token_endpoint_auth_method":"none","grant_types":["authorization_code"],"redirect_uris":["https://app.example.com/cb"],"client_name":"App"}`), http.StatusCreated)
	if again["client_id"] != first["client_id"] {
		t.Fatal("the same metadata got another client")
	}
	for _, name := range []string{"registration_access_token", "registration_client_uri", "client_secret"} {
		if _, ok := again[name]; ok {
			t.Errorf("the second registrant got %s", name)
		}
	}
	id, _ := first["client_id"].(string)
	rat, _ := first["registration_access_token"].(string)
	if res := f.JSON(http.MethodGet, "/register/"+id, "", servertest.Bearer(rat)); res.StatusCode != http.StatusOK {
		t.Errorf("read of a shared registration: %d", res.StatusCode)
	}
	f.unchanged(t, "shared", func() {
		put := `{"client_id":"` + id + `","redirect_uris":["https://evil.com/cb"],"token_endpoint_auth_method":"none"}`
		servertest.Refused(t, f.JSON(http.MethodPut, "/register/"+id, put, servertest.Bearer(rat)), http.StatusForbidden, "access_denied")
		servertest.Refused(t, f.JSON(http.MethodDelete, "/register/"+id, "", servertest.Bearer(rat)), http.StatusForbidden, "access_denied")
	})
	f.Clock.Move(time.Hour + time.Second)
	later := servertest.Decode(t, f.register(publicMetadata), http.StatusCreated)
	if later["client_id"] == first["client_id"] {
		t.Error("the window does not end")
	}
	// Anything else, and every confidential client, is a client of its own
	// (RFC7591-3.2.1-4, -5, RFC7591-5-12).
	other := servertest.Decode(t, f.register(strings.Replace(publicMetadata, "App", "Application", 1)), http.StatusCreated)
	a, b := f.Confidential(), f.Confidential()
	if other["client_id"] == later["client_id"] || a.ID == b.ID || a.Secret == b.Secret {
		t.Error("different registrations share a client or a secret")
	}
}

// Of any number of equal registrations at once, one is stored.
func TestRegistrationRace(t *testing.T) {
	proof.Of(t, "BA-9993")
	f := newFixture(t)
	ids := make([]any, 16)
	tokens := make([]any, 16)
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range ids {
		done.Go(func() {
			ready.Wait()
			m := servertest.Decode(t, f.register(publicMetadata), http.StatusCreated)
			ids[i], tokens[i] = m["client_id"], m["registration_access_token"]
		})
	}
	ready.Done()
	done.Wait()
	n := 0
	for i := range ids {
		if ids[i] != ids[0] {
			t.Errorf("%v and %v", ids[i], ids[0])
		}
		if tokens[i] != nil {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d registrants have a token", n)
	}
}

// A registration that is used stays; one that nobody uses is swept (MAD-32).
func TestRegistrationIsRenewedByUse(t *testing.T) {
	proof.Of(t, "MAD-32")
	f := newFixture(t)
	used, idle := f.Public(), f.Register(publicMetadata)
	f.Clock.Move(60 * 24 * time.Hour)
	f.Grant(used)
	f.Clock.Move(60 * 24 * time.Hour)
	if _, err := f.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	asks(t, "used", f.Get("/authorize", used.Request(nil)))
	page(t, "idle", f.Get("/authorize", idle.Request(nil)), http.StatusBadRequest)
	if _, err := f.Store.Client(context.Background(), idle.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the idle client is still stored: %v", err)
	}
}

// The embedding program may refuse or change a registration; what it returns is
// held to the rules, and an error that is not of the protocol stays inside.
func TestRegistrationPolicy(t *testing.T) {
	proof.Of(t, "RFC7591-5-6", "RFC7591-5-10")
	var policy server.RegistrationPolicy
	f := newFixture(t, func(c *server.Config) {
		c.RegistrationPolicy = func(ctx context.Context, a server.RegistrationAttempt) (client.Metadata, error) {
			return policy(ctx, a)
		}
	})
	var seen server.RegistrationAttempt
	policy = func(_ context.Context, a server.RegistrationAttempt) (client.Metadata, error) {
		seen = a
		a.Metadata.ClientName = "Renamed"
		return a.Metadata, nil
	}
	m := servertest.Decode(t, f.register(publicMetadata), http.StatusCreated)
	if m["client_name"] != "Renamed" || seen.ClientID != "" || seen.Address != "192.0.2.1" {
		t.Errorf("%v, policy saw %+v", m, seen)
	}
	for name, row := range map[string]struct {
		policy server.RegistrationPolicy
		status int
		code   string
	}{
		"refuses": {func(context.Context, server.RegistrationAttempt) (client.Metadata, error) {
			return client.Metadata{}, oauth.InvalidClientMetadata("policy", "not here")
		}, 400, "invalid_client_metadata"},
		"fails": {func(context.Context, server.RegistrationAttempt) (client.Metadata, error) {
			return client.Metadata{}, errors.New("ldap.internal down")
		}, 500, "server_error"},
		"changes to what is not allowed": {func(_ context.Context, a server.RegistrationAttempt) (client.Metadata, error) {
			a.Metadata.RedirectURIs = []string{"http://evil.com/"}
			return a.Metadata, nil
		}, 400, "invalid_redirect_uri"},
	} {
		policy = row.policy
		f.unchanged(t, name, func() {
			m := servertest.Decode(t, f.register(`{"redirect_uris":["https://b.example.com/cb"]}`), row.status)
			if m["error"] != row.code || strings.Contains(fmt.Sprint(m), "internal") {
				t.Errorf("%s: %v", name, m)
			}
		})
	}
}

// A storage failure is no registration.
func TestRegistrationWhenTheStoreFails(t *testing.T) {
	proof.Of(t, "FUZZ-9", "REL-I9")
	f := servertest.New(t, brokenRegistrations{memory.New()})
	servertest.Refused(t, f.JSON(http.MethodPost, "/register", publicMetadata), http.StatusServiceUnavailable, "temporarily_unavailable")
}

type brokenRegistrations struct{ store.Store }

func (brokenRegistrations) RegisterClient(context.Context, store.Client, time.Time, ...store.Token) (store.Client, error) {
	return store.Client{}, store.ErrUnavailable
}
