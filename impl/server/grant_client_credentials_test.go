package server

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
)

var machineForm = url.Values{"grant_type": {"client_credentials"}}

// RFC6749-4.4.2-3, RFC6749-4.4.3-1, ATK-78, RFC9068-2.2-6, RFC9068-3-3.
func TestClientCredentials(t *testing.T) {
	proof.Of(t, "ATK-78")
	for _, id := range []string{"C1", "C2"} {
		x := newTokenTest(t)
		a := x.ok(x.post("/token", as(id), with(machineForm, "scope", "a.read profile")))
		got, err := x.server.VerifyAccessToken(context.Background(), a.text("access_token"))
		if err != nil || got.Subject != id || got.ClientID != id || strings.Join(got.Resources, " ") != resourceA ||
			a.text("refresh_token") != "" || a.text("scope") != "a.read profile" {
			t.Errorf("%s: %s, %+v, %v", id, a.raw, got, err)
		}
	}
}

func TestClientCredentialsRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		as     string
		form   url.Values
		change func(*store.Client)
		status int
		code   string
	}{
		{"RFC6749-4.4-1 public client", "P1", machineForm, nil, 400, "unauthorized_client"},
		{"the operator's public client", "O1", machineForm, nil, 400, "unauthorized_client"},
		{"registered by itself", "D1", machineForm, nil, 400, "unauthorized_client"},
		{"RFC6749-4.4.2-2 unauthenticated", "", machineForm, nil, 401, "invalid_client"},
		{"RFC6749-5.2-7 grant type not registered", "C1", machineForm, func(c *store.Client) {
			c.Metadata = []byte(strings.Replace(string(c.Metadata), `,"client_credentials"`, "", 1))
		}, 400, "unauthorized_client"},
		{"unknown scope", "C1", with(machineForm, "scope", "root"), nil, 400, "invalid_scope"},
		{"another resource's scope", "C1", with(machineForm, "scope", "b.read"), nil, 400, "invalid_scope"},
		{"scope beyond the registered", "C1", with(machineForm, "scope", "a.write"), registeredScope, 400, "invalid_scope"},
		{"unknown resource", "C1", with(machineForm, "resource", "https://evil.example.com"), nil, 400, "invalid_target"},
		{"control", "C1", with(machineForm, "scope", "a.read", "resource", resourceA), registeredScope, 200, ""},
	} {
		x := newTokenTest(t)
		if c.change != nil {
			x.change("C1", c.change)
		}
		a := x.post("/token", as(c.as), c.form)
		if c.status == 200 {
			x.ok(a)
		} else {
			x.refused(c.name, a, c.status, c.code)
		}
	}
}

func registeredScope(c *store.Client) {
	c.Metadata = []byte(strings.Replace(string(c.Metadata), `{`, `{"scope":"a.read profile",`, 1))
}

// A person whose identifier is the client's gets no token that looks like
// the client's own.
func TestPersonIsNeverTheClient(t *testing.T) {
	proof.Of(t, "OAUTH21-2.2-1", "RFC9700-2.6-2", "RFC9700-4.15.1-1", "RFC7519-4.1.2-1")
	proof.Of(t, "ATK-78")
	x := newTokenTest(t)
	code, grantID := x.code(allowed{})
	form := codeForm(code)
	_, grant, err := x.store.Token(context.Background(), store.NewDigest(store.AuthorizationCode, code))
	if err != nil || grant.ID != grantID {
		t.Fatal(err)
	}
	d := decision{request: tokenRequest{TokenInput: &gen.TokenInput{Form: gen.TokenRequest{GrantType: gen.GrantTypeAuthorizationCode}}}, grant: grant}
	if err := checkSubject(d); err != nil {
		t.Fatalf("control: %v", err)
	}
	d.grant.Subject = d.grant.ClientID
	if checkSubject(d) == nil {
		t.Error("a person's grant with the client as subject was taken")
	}
	x.ok(x.post("/token", as("C1"), form))
}
