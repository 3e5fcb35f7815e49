package transcript

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/charterauth/charter/impl/protect"
)

// A protected is a resource that package protect guards in the conversation. It
// answers a good token with who calls.
type protected struct {
	uri    string
	scope  string // for every request
	post   string // for POST, beside scope; empty: no more
	byKeys bool   // tokens are JWTs, judged by the issuer's keys alone
}

// readProtected reads what follows "protects" or "protects-by-keys": a URI, a
// scope, and one that POST needs too.
func readProtected(value string, byKeys bool) (protected, error) {
	words := strings.Fields(value)
	if len(words) < 2 || len(words) > 3 {
		return protected{}, fmt.Errorf("%q is not a URI and one or two scopes", value)
	}
	p := protected{uri: words[0], scope: words[1], byKeys: byKeys}
	if len(words) == 3 {
		p.post = words[2]
	}
	return p, nil
}

// guard puts a resource before the conversation, at its own host.
func (p *player) guard(r protected, listener net.Listener) error {
	verifier := protect.InProcess(p.server.VerifyAccessToken)
	if r.byKeys {
		var err error
		if verifier, err = protect.JWT(protect.JWTConfig{
			Issuer: p.issuer, Resource: r.uri, JWKS: p.issuer + "/jwks",
			HTTPClient: &http.Client{Transport: plain{dial(listener)}}, Now: p.server.Clock.Now,
		}); err != nil {
			return err
		}
	}
	config := protect.Config{Resource: r.uri, AuthorizationServers: []string{p.issuer}, Verifier: verifier, Scopes: []string{r.scope}, Now: p.server.Clock.Now}
	var next http.Handler = http.HandlerFunc(whoCalls)
	if r.post != "" {
		config.ScopesSupported = []string{r.scope, r.post}
		next = needsMoreToPost(next, r.post)
	}
	handler, err := protect.Handler(next, config)
	if err != nil {
		return err
	}
	to, err := url.Parse(r.uri)
	if err != nil {
		return err
	}
	p.resources[to.Host] = handler
	return nil
}

// needsMoreToPost asks for a scope of its own where something is changed.
func needsMoreToPost(next http.Handler, scope string) http.Handler {
	posting := protect.RequireScopes(next, scope)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posting.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// whoCalls is the resource. It also shows whether it could pass the token on.
func whoCalls(w http.ResponseWriter, r *http.Request) {
	i, _ := protect.FromContext(r.Context())
	answer := map[string]any{"sub": i.Subject, "client_id": i.ClientID, "scope": strings.Join(i.Scopes, " "), "sees_token": r.Header.Get("Authorization") != ""}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

// plain sends https requests without TLS, to where a proxy has ended it.
type plain struct{ to http.RoundTripper }

func (t plain) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = "http"
	return t.to.RoundTrip(r)
}
