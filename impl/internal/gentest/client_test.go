package gentest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/gen/client"
)

// answers is a server with the few operations that the client test calls.
type answers struct {
	gen.Server
}

func (answers) Token(_ context.Context, in *gen.TokenInput) (gen.TokenOutput, error) {
	if in.Form.Code != "good" {
		return nil, errors.New("invalid_grant")
	}
	id, secret, _ := in.HTTP.BasicAuth()
	return gen.Token200{Body: gen.TokenAnswer{AccessToken: id + "/" + secret, TokenType: gen.TokenTypeBearer, ExpiresIn: 60}}, nil
}

func (answers) Authorize(_ context.Context, in *gen.AuthorizeInput) (gen.AuthorizeOutput, error) {
	return gen.Authorize303{Location: "/login?request=" + in.Query.State, SetCookie: []string{"a=1", "b=2"}}, nil
}

func (answers) ReadClient(_ context.Context, in *gen.ReadClientInput) (gen.ReadClientOutput, error) {
	return gen.ReadClient200{Body: gen.ClientInformation{ClientID: in.ClientID, ClientSecretExpiresAt: new(int64(0))}}, nil
}

func (answers) Register(_ context.Context, in *gen.RegisterInput) (gen.RegisterOutput, error) {
	return gen.Register201{Body: gen.ClientInformation{ClientID: "new", RedirectURIs: in.Body.RedirectURIs}}, nil
}

// The generated client and the generated server understand each other.
func TestClient(t *testing.T) {
	srv := httptest.NewServer(gen.NewServerHandler(answers{}, gen.Options{BasePath: "/tenant", Error: func(w http.ResponseWriter, _ *http.Request, _ *gen.Operation, err error) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"`+err.Error()+`","error_description":"no"}`)
	}}))
	defer srv.Close()
	c, ctx := &client.Client{Issuer: srv.URL + "/tenant"}, t.Context()

	code := &gen.TokenRequest{GrantType: gen.GrantTypeAuthorizationCode, Code: "good", Resource: []string{"https://a/?x=1&y", "b:c"}}
	token, err := c.Token(ctx, code, client.BasicAuth("a", "s"))
	if err != nil || token.Body.AccessToken != "a/s" || token.Body.ExpiresIn != 60 {
		t.Errorf("token: %+v %v", token, err)
	}
	code.Code = "bad"
	_, err = c.Token(ctx, code, client.BasicAuth("a", "s"))
	if e, ok := errors.AsType[*client.Error](err); !ok || e.Status != 400 || e.Code != "invalid_grant" || e.Description != "no" {
		t.Errorf("a refusal: %v", err)
	}
	out, err := c.Authorize(ctx, &gen.AuthorizationRequest{ClientID: "c", ResponseType: gen.ResponseTypeCode, State: "s"})
	page, _ := out.(gen.Authorize303)
	if err != nil || page.Location != "/login?request=s" || !slices.Equal(page.SetCookie, []string{"a=1", "b=2"}) {
		t.Errorf("authorize: %+v %v", out, err)
	}
	information, err := c.ReadClient(ctx, "abc", client.BearerToken("t"))
	if err != nil || information.Body.ClientID != "abc" || information.Body.ClientSecretExpiresAt == nil {
		t.Errorf("read: %+v %v", information, err)
	}
	registered, err := c.Register(ctx, &gen.ClientMetadata{RedirectURIs: []string{"https://a/<b>"}})
	if err != nil || !slices.Equal(registered.Body.RedirectURIs, []string{"https://a/<b>"}) {
		t.Errorf("register: %+v %v", registered, err)
	}
}
