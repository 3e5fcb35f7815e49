package protect_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/protect"
	"github.com/charterauth/charter/impl/server"
)

// partner stands for whatever knows tokens in the examples.
var partner = protect.VerifierFunc(func(_ context.Context, token string) (protect.Identity, error) {
	if token != "let-me-in" {
		return protect.Identity{}, oauth.InvalidToken("unknown", "there is no such token")
	}
	return protect.Identity{Subject: "alice", Scopes: []string{"read"}, Audience: []string{"https://api.example.com"}}, nil
})

func ExampleHandler() {
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := protect.FromContext(r.Context())
		fmt.Println("hello", caller.Subject)
	})
	h, err := protect.Handler(api, protect.Config{
		Resource:             "https://api.example.com",
		AuthorizationServers: []string{"https://auth.example.com"},
		Verifier:             partner, // usually InProcess, Introspection or JWT
		Scopes:               []string{"read"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodGet, "https://api.example.com/notes", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))

	r.Header.Set("Authorization", "Bearer let-me-in")
	h.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// 401 Bearer scope="read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
	// hello alice
}

func ExampleNew() {
	_, err := protect.New(protect.Config{Resource: "http://api.example.com", Verifier: partner})
	fmt.Println(err) // every problem at once
	// Output:
	// protect: Resource: invalid_target (resource_malformed): The resource is not an https URL.
	// AuthorizationServers: are missing: a client could get no token
}

func ExampleGuard_Metadata() {
	g, err := protect.New(protect.Config{
		Resource: "https://api.example.com/v1", AuthorizationServers: []string{"https://auth.example.com"}, Verifier: partner,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", g.Handler(http.NotFoundHandler()))
	mux.Handle(g.MetadataPath(), g.Metadata())
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, g.MetadataURL(), nil))
	fmt.Println(w.Body)
	// Output:
	// {"resource":"https://api.example.com/v1","authorization_servers":["https://auth.example.com"],"bearer_methods_supported":["header"]}
}

func ExampleGuard_Authenticate() {
	g, err := protect.New(protect.Config{
		Resource: "https://api.example.com", AuthorizationServers: []string{"https://auth.example.com"}, Verifier: partner,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	caller, err := g.Authenticate(context.Background(), "let-me-in")
	fmt.Println(caller.Subject, caller.HasScopes("read"), caller.HasScopes("write"), err)
	// Output: alice true false <nil>
}

func ExampleInsufficientScope() {
	remove := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if caller, _ := protect.FromContext(r.Context()); !caller.HasScopes("write") {
			protect.InsufficientScope(w, r, "write") // the client asks its person for more
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	w := throughGuard(remove)
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output: 403 Bearer error="insufficient_scope", error_description="the request needs a token with more scope", scope="write", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
}

func ExampleRequireScopes() {
	w := throughGuard(protect.RequireScopes(http.NotFoundHandler(), "write"))
	fmt.Println(w.Code)
	// Output: 403
}

func ExampleInsufficientAuthentication() {
	transfer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if caller, _ := protect.FromContext(r.Context()); time.Since(caller.AuthTime) > 5*time.Minute {
			protect.InsufficientAuthentication(w, r, 5*time.Minute)
			return
		}
	})
	w := throughGuard(transfer)
	fmt.Println(w.Code)
	// Output: 401
}

func throughGuard(next http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h, err := protect.Handler(next, protect.Config{
		Resource: "https://api.example.com", AuthorizationServers: []string{"https://auth.example.com"}, Verifier: partner,
	})
	if err != nil {
		w.Code = 0
		return w
	}
	r := httptest.NewRequest(http.MethodDelete, "https://api.example.com/notes/1", nil)
	r.Header.Set("Authorization", "Bearer let-me-in")
	h.ServeHTTP(w, r)
	return w
}

func ExampleIntrospection() {
	v, err := protect.Introspection(protect.IntrospectionConfig{
		Endpoint: "https://auth.example.com/introspect", Issuer: "https://auth.example.com",
		ClientID: "notes-api", ClientSecret: "from the operator",
		CacheFor:   5 * time.Second, // a revoked token is good for no longer
		HTTPClient: exampleServer(), // usually nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	caller, err := v.Verify(context.Background(), "chat_example")
	fmt.Println(caller.Subject, caller.Scopes, err)
	// Output: alice [read] <nil>
}

func exampleServer() *http.Client {
	return served(&authorizationServer{answer: says(`{"active":true,"token_type":"Bearer","sub":"alice","scope":"read","aud":"https://api.example.com"}`)})
}

func ExampleInProcess() {
	// A program that embeds the server says protect.InProcess(srv.VerifyAccessToken).
	var srv interface {
		VerifyAccessToken(ctx context.Context, token string) (server.AccessToken, error)
	} = noTokens{}
	v := protect.InProcess(srv.VerifyAccessToken)
	_, err := v.Verify(context.Background(), "chat_example")
	fmt.Println(err)
	// Output: invalid_token (unknown): there is no such token
}

type noTokens struct{}

func (noTokens) VerifyAccessToken(context.Context, string) (server.AccessToken, error) {
	return server.AccessToken{}, oauth.InvalidToken("unknown", "there is no such token")
}

func ExampleJWT() {
	v, err := protect.JWT(protect.JWTConfig{
		Issuer: "https://auth.example.com", JWKS: "https://auth.example.com/jwks", Resource: "https://api.example.com",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = v.Verify(context.Background(), "not.a.token")
	fmt.Println(err)
	// Output: invalid_token (token_malformed): the access token is not good for this resource
}

func ExampleExternal() {
	own := protect.VerifierFunc(func(context.Context, string) (protect.Identity, error) {
		return protect.Identity{}, oauth.InvalidToken("unknown", "there is no such token")
	}) // usually InProcess, Introspection or JWT
	v := protect.External(own, protect.TokensOf("https://auth.example.com"), partner)
	for _, token := range []string{"chat_ours", "let-me-in"} {
		caller, err := v.Verify(context.Background(), token)
		fmt.Println(caller.Subject, err)
	}
	// Output:
	// invalid_token (unknown): there is no such token
	// alice <nil>
}
