package examplestest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// A refusal gets the answer of an example that has no request in the document:
// what is wrong is outside of what the document describes.
type refusal struct {
	request string // method and target, and headers as "Name: value" lines
	body    string
	status  int
	answer  string // media type
	change  func(*server.Config)
}

const (
	formType = "\nContent-Type: application/x-www-form-urlencoded"
	jsonType = "\nContent-Type: application/json"
	withOwn  = "\nAuthorization: Bearer " + own
	askAway  = "GET /authorize?client_id=" + native + "&response_type=code"
	asJSON   = "application/json"
	asPage   = "text/html"
	cameBack = "apps..git-LGMFGDXqbp_Regw7L3bgw32Tw3_wH8ulp2AkeLY"
)

// refusals has every such example, by its name.
var refusals = map[string][]refusal{
	"closed": {{"POST /register" + jsonType, `{}`, 403, asJSON, func(c *server.Config) { c.Registration = server.RegistrationClosed }}},
	"shared_registration": {
		{"PUT /register/" + native + withOwn + jsonType, `{"client_id":"` + native + `"}`, 403, asJSON, sharing},
		{"DELETE /register/" + native + withOwn, "", 403, asJSON, sharing},
	},
	"changed_meanwhile":         {{"DELETE /register/" + native + withOwn, "", 400, asJSON, breaking(store.ErrConflict)}},
	"nothing_here":              {{"GET /register/a.b", "", 404, asJSON, withoutPages}},
	"no_such_page":              {{"GET /register/a.b", "", 404, asPage, nil}},
	"other_method":              {{"GET /token", "", 405, asJSON, nil}, {"PUT /login", "", 405, asPage, nil}},
	"other_host":                {{"GET /jwks\nHost: elsewhere.example", "", 421, asJSON, nil}},
	"no_token":                  {{"GET /userinfo", "", 401, asJSON, nil}},
	"no_openid":                 {{"GET /userinfo\nAuthorization: Bearer " + access, "", 403, asJSON, nil}},
	"no_key":                    {{"GET /userinfo\nAuthorization: Bearer " + identity, "", 400, asJSON, encryptingToNobody}},
	"no_openid_provider":        {{"GET /userinfo\nAuthorization: Bearer " + access, "", 404, asJSON, withoutClaims}, {"GET /.well-known/openid-configuration", "", 404, asJSON, withoutClaims}},
	"no_logout_endpoint":        {{"GET /end_session", "", 404, asJSON, withoutPages}, {"GET /end_session", "", 404, asPage, withoutClaims}},
	"no_authorization_endpoint": {{askAway, "", 404, asJSON, withoutPages}},
	"too_large": {
		{"POST /token" + formType, strings.Repeat("a", 65537), 413, asJSON, nil},
		{"POST /login" + formType, strings.Repeat("a", 16385), 413, asPage, nil},
		{askAway + "&state=" + strings.Repeat("a", 65537), "", 414, asPage, nil},
	},
	"no_provider":      {{"GET /login/upstream?state=apps..x", "", 404, asPage, nil}},
	"no_sign_up":       {{"GET /signup?request=apps", "", 404, asPage, withoutSignUp}, {"POST /signup" + formType, "request=apps&csrf=abc", 404, asPage, withoutSignUp}},
	"shut_out":         {{"GET /login/upstream?state=" + cameBack + "&code=shut_out\nCookie: __Host-charter-browser=" + browser, "", 403, asPage, signedInElsewhere}},
	"malformed":        {{"POST /logout" + formType, "", 400, asPage, nil}},
	"unknown_resource": {{"GET /.well-known/oauth-protected-resource", "", 404, asJSON, nil}},
	"compressed": {
		{"POST /token\nContent-Encoding: gzip" + formType, "", 415, asJSON, nil},
		{"POST /authorize\nContent-Encoding: gzip" + formType, "", 415, asPage, nil},
	},
	"too_many": {
		{"POST /register" + jsonType, `{"redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none"}`, 429, asJSON, busy},
		{askAway + "&code_challenge=" + challenge + "&redirect_uri=" + callback, "", 429, asPage, busy},
	},
	"failed": {
		{"GET /readyz", "", 500, asJSON, breaking(errors.New("disk on fire"))},
		{askAway, "", 500, asPage, breaking(errors.New("disk on fire"))},
	},
	"unavailable": {
		{"GET /readyz", "", 503, asJSON, breaking(store.ErrUnavailable)},
		{askAway, "", 503, asPage, breaking(store.ErrUnavailable)},
	},
}

func withoutPages(c *server.Config) { c.Interaction, c.Claims = nil, nil }

func withoutSignUp(c *server.Config) {
	c.Interaction = interact.Pages(interact.Config{Accounts: people{}, Store: c.Store, Now: now})
}

func withoutClaims(c *server.Config) { c.Claims = nil }

// busy lets one request of a kind pass in a minute.
func busy(c *server.Config) {
	c.Limits = server.Limits{RegistrationsPerMinute: 1, AuthorizationsPerMinute: 1}
}

// A brokenStore fails where the requests here come to it.
type brokenStore struct {
	store.Store
	err    error
	shared bool
}

func breaking(err error) func(*server.Config) {
	return func(c *server.Config) { c.Store = brokenStore{c.Store, err, false} }
}

// sharing makes every registration one that answered for several registrants.
func sharing(c *server.Config) { c.Store = brokenStore{c.Store, nil, true} }

// A keylessStore has only clients that want userinfo encrypted, to keys that are
// nowhere.
type keylessStore struct{ store.Store }

func encryptingToNobody(c *server.Config) { c.Store = keylessStore{c.Store} }

func (k keylessStore) Client(ctx context.Context, id string) (store.Client, error) {
	c, err := k.Store.Client(ctx, id)
	c.Metadata = bytes.Replace(c.Metadata, []byte("{"), []byte(`{"userinfo_encrypted_response_alg":"ECDH-ES","userinfo_encrypted_response_enc":"A128GCM","jwks_uri":"https://127.0.0.1:1/keys",`), 1)
	return c, err
}

func (b brokenStore) Ping(context.Context) error { return b.err }

func (b brokenStore) ReplaceClient(context.Context, store.Client) error { return b.err }

func (b brokenStore) Client(ctx context.Context, id string) (store.Client, error) {
	c, err := b.Store.Client(ctx, id)
	c.Shared = b.shared
	if b.err != nil && !errors.Is(b.err, store.ErrConflict) {
		err = b.err
	}
	return c, err
}

func TestRefusals(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(charter.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	examples := unasked(doc)
	if got, want := slices.Sorted(maps.Keys(examples)), slices.Sorted(maps.Keys(refusals)); !slices.Equal(got, want) {
		t.Errorf("the document has %q without a request, the table %q", got, want)
	}
	for name, rows := range refusals {
		for _, row := range rows {
			t.Run(name+" "+row.answer, func(t *testing.T) {
				want, ok := examples[name][row.answer]
				if !ok {
					t.Fatalf("no example as %s", row.answer)
				}
				row.check(t, want)
			})
		}
	}
}

// unasked returns the examples of answers that have no request of their name, by
// name and media type.
func unasked(doc *openapi3.T) map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			asked := exampleNames(op)
			for _, ref := range op.Responses.Map() {
				for mediaType, c := range ref.Value.Content {
					for name, e := range c.Examples {
						if slices.Contains(asked, name) {
							continue
						}
						if all[name] == nil {
							all[name] = map[string]any{}
						}
						all[name][mediaType] = e.Value.Value
					}
				}
			}
		}
	}
	return all
}

// check sends the request twice, as the second may be one too many, and holds the
// second answer to the example.
func (row refusal) check(t *testing.T, want any) {
	t.Helper()
	if row.change == nil {
		row.change = func(*server.Config) {}
	}
	s := newServer(t, row.change)
	var res *http.Response
	for range 2 {
		r := row.make()
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		res = w.Result()
		openapitest.Validate(t, r, res)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	mediaType, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	if res.StatusCode != row.status || mediaType != row.answer {
		t.Fatalf("%d %s, want %d %s: %s", res.StatusCode, mediaType, row.status, row.answer, body)
	}
	switch want := want.(type) {
	case string:
		samePage(t, withoutReference(want), withoutReference(string(body)))
	case map[string]any:
		var got map[string]any
		if err := json.Unmarshal([]byte(withoutReference(string(body))), &got); err != nil {
			t.Fatal(err)
		}
		want = maps.Clone(want)
		if text, ok := want["error_description"].(string); ok {
			want["error_description"] = withoutReference(text)
		}
		sameMembers(t, want, got)
	}
}

func (row refusal) make() *http.Request {
	lines := strings.Split(row.request, "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	r := httptest.NewRequest(method, issuer+target, strings.NewReader(row.body))
	for _, line := range lines[1:] {
		if name, value, _ := strings.Cut(line, ": "); name == "Host" {
			r.Host = value
		} else {
			r.Header.Set(name, value)
		}
	}
	return r
}

var reference = regexp.MustCompile(`\b[A-Za-z0-9_-]{22}\b`)

// withoutReference replaces the reference by which an operator finds an error.
func withoutReference(text string) string { return reference.ReplaceAllString(text, "…") }
