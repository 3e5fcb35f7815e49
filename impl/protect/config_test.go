package protect_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/protect"
)

func TestConfig(t *testing.T) {
	proof.Of(t, "OAUTH21-1.5-1", "MCP-Refresh-Tokens-1")
	for _, c := range []struct {
		id     string
		change func(*protect.Config)
		want   string // in the error; empty for none
	}{
		{"the control", func(*protect.Config) {}, ""},
		{"loopback http", func(c *protect.Config) { c.Resource = "http://127.0.0.1:8081" }, ""},
		{"http", func(c *protect.Config) { c.Resource = "http://mcp.example.com" }, "Resource"},
		{"no resource", func(c *protect.Config) { c.Resource = "" }, "Resource"},
		{"fragment", func(c *protect.Config) { c.Resource += "#x" }, "Resource"},
		{"query", func(c *protect.Config) { c.Resource += "?x" }, "Resource"},
		{"no verifier", func(c *protect.Config) { c.Verifier = nil }, "Verifier"},
		{"no issuer", func(c *protect.Config) { c.AuthorizationServers = nil }, "AuthorizationServers"},
		{"http issuer", func(c *protect.Config) { c.AuthorizationServers = []string{"http://auth.example.com"} }, "AuthorizationServers"},
		{"quote in a scope", func(c *protect.Config) { c.Scopes = []string{`a"`} }, "Scopes"},
		{"MCP offline_access", func(c *protect.Config) { c.Scopes = []string{"offline_access"} }, "offline_access"},
		{"MCP offline_access in the metadata", func(c *protect.Config) { c.ScopesSupported = []string{"offline_access"} }, "offline_access"},
		{"origin", func(c *protect.Config) { c.Origins = []string{"https://app.example.com"} }, ""},
		{"origin with a path", func(c *protect.Config) { c.Origins = []string{"https://app.example.com/"} }, "Origins"},
		{"origin null", func(c *protect.Config) { c.Origins = []string{"null"} }, "Origins"},
	} {
		conf := config(tokens())
		c.change(&conf)
		_, err := protect.Handler(hello, conf)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.id, err)
		}
	}
	_, err := protect.Handler(http.NotFoundHandler(), protect.Config{})
	for _, name := range []string{"Resource", "AuthorizationServers", "Verifier"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("nothing about %s in %v", name, err)
		}
	}
}

// Without a clock the time is that of the machine.
func TestMachineClock(t *testing.T) {
	k := key(t)
	h := served(&issuerOfKeys{keys: []*jose.Key{k}})
	keys, err := protect.JWT(protect.JWTConfig{Issuer: issuer, Resource: resource, JWKS: issuer + "/jwks", HTTPClient: h})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	good, over := good(), good()
	good.ExpiresAt, over.ExpiresAt = now.Add(time.Hour), now.Add(-time.Second)
	for token, c := range map[string]struct {
		verifier protect.Verifier
		status   int
	}{
		"good": {known{"good": good}, 200},
		"over": {known{"over": over}, 401},
		sign(t, k, "at+jwt", claims(map[string]any{"iat": now.Unix(), "exp": now.Add(time.Hour).Unix()})): {keys, 200},
		sign(t, k, "at+jwt", claims(map[string]any{"iat": now.Unix() - 9, "exp": now.Unix() - 1})):        {keys, 401},
	} {
		conf := config(c.verifier)
		conf.Now = nil
		if res := call(guard(t, conf).Handler(hello), "Bearer "+token); res.StatusCode != c.status {
			t.Errorf("%.20s: status %d, want %d", token, res.StatusCode, c.status)
		}
	}
}

func TestIntrospectionConfig(t *testing.T) {
	fine := protect.IntrospectionConfig{Endpoint: issuer + "/introspect", Issuer: issuer, ClientID: "api", ClientSecret: "secret"}
	for _, c := range []struct {
		id     string
		change func(*protect.IntrospectionConfig)
		ok     bool
	}{
		{"the control", func(*protect.IntrospectionConfig) {}, true},
		{"loopback", func(c *protect.IntrospectionConfig) { c.Endpoint = "http://localhost:8080/introspect" }, true},
		{"longest cache", func(c *protect.IntrospectionConfig) { c.CacheFor = 30 * time.Second }, true},
		{"http", func(c *protect.IntrospectionConfig) { c.Endpoint = "http://auth.example.com/introspect" }, false},
		{"no issuer", func(c *protect.IntrospectionConfig) { c.Issuer = "" }, false},
		{"no client", func(c *protect.IntrospectionConfig) { c.ClientID = "" }, false},
		{"no secret (RFC 7662 §2.1)", func(c *protect.IntrospectionConfig) { c.ClientSecret = "" }, false},
		{"cache too long", func(c *protect.IntrospectionConfig) { c.CacheFor = 31 * time.Second }, false},
	} {
		conf := fine
		c.change(&conf)
		if _, err := protect.Introspection(conf); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.id, err)
		}
	}
}

func TestJWTConfig(t *testing.T) {
	fine := protect.JWTConfig{Issuer: issuer, Resource: resource, JWKS: issuer + "/jwks"}
	for _, c := range []struct {
		id     string
		change func(*protect.JWTConfig)
		ok     bool
	}{
		{"the control", func(*protect.JWTConfig) {}, true},
		{"http", func(c *protect.JWTConfig) { c.JWKS = "http://auth.example.com/jwks" }, false},
		{"no issuer", func(c *protect.JWTConfig) { c.Issuer = "" }, false},
		{"no resource", func(c *protect.JWTConfig) { c.Resource = "" }, false},
		{"no keys", func(c *protect.JWTConfig) { c.JWKS = "" }, false},
		{"unsigned", func(c *protect.JWTConfig) { c.Algorithms = []jose.Algorithm{"none"} }, false},
	} {
		conf := fine
		c.change(&conf)
		if _, err := protect.JWT(conf); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.id, err)
		}
	}
}
