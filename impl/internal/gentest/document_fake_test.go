package gentest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/getkin/kin-openapi/openapi3"
)

// A fake implements every operation of openapi.yaml: it keeps the input and
// answers with err, or with errReached.
type fake struct {
	got any
	err error
}

// errReached is the answer of a fake: the decoders let the request through.
var errReached = errors.New("reached")

func (f *fake) reach(in any) error {
	f.got = in
	if f.err != nil {
		return f.err
	}
	return errReached
}

var (
	_ gen.Server = (*fake)(nil)
	_ gen.Pages  = (*fake)(nil)
)

func (f *fake) Authorize(_ context.Context, in *gen.AuthorizeInput) (gen.AuthorizeOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) AuthorizePost(_ context.Context, in *gen.AuthorizePostInput) (gen.AuthorizePostOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) Token(_ context.Context, in *gen.TokenInput) (gen.TokenOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) Revoke(_ context.Context, in *gen.RevokeInput) (gen.RevokeOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) Introspect(_ context.Context, in *gen.IntrospectInput) (gen.IntrospectOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) UserInfo(_ context.Context, in *gen.UserInfoInput) (gen.UserInfoOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) UserInfoPost(_ context.Context, in *gen.UserInfoPostInput) (gen.UserInfoPostOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) Register(_ context.Context, in *gen.RegisterInput) (gen.RegisterOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) ReadClient(_ context.Context, in *gen.ReadClientInput) (gen.ReadClientOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) UpdateClient(_ context.Context, in *gen.UpdateClientInput) (gen.UpdateClientOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) DeleteClient(_ context.Context, in *gen.DeleteClientInput) (gen.DeleteClientOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) AuthorizationServerMetadata(_ context.Context, in *gen.AuthorizationServerMetadataInput) (gen.AuthorizationServerMetadataOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) OpenIDConfiguration(_ context.Context, in *gen.OpenIDConfigurationInput) (gen.OpenIDConfigurationOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) ProtectedResourceMetadata(_ context.Context, in *gen.ProtectedResourceMetadataInput) (gen.ProtectedResourceMetadataOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) ProtectedResourceMetadataForPath(_ context.Context, in *gen.ProtectedResourceMetadataForPathInput) (gen.ProtectedResourceMetadataForPathOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) JWKS(_ context.Context, in *gen.JWKSInput) (gen.JWKSOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) Healthz(_ context.Context, in *gen.HealthzInput) (gen.HealthzOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) Readyz(_ context.Context, in *gen.ReadyzInput) (gen.ReadyzOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) LoginPage(_ context.Context, in *gen.LoginPageInput) (gen.LoginPageOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) Login(_ context.Context, in *gen.LoginInput) (gen.LoginOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) SignUpPage(_ context.Context, in *gen.SignUpPageInput) (gen.SignUpPageOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) SignUp(_ context.Context, in *gen.SignUpInput) (gen.SignUpOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) ChooseAccount(_ context.Context, in *gen.ChooseAccountInput) (gen.ChooseAccountOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) UpstreamCallback(_ context.Context, in *gen.UpstreamCallbackInput) (gen.UpstreamCallbackOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) ConsentPage(_ context.Context, in *gen.ConsentPageInput) (gen.ConsentPageOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) Consent(_ context.Context, in *gen.ConsentInput) (gen.ConsentOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) AppsPage(_ context.Context, in *gen.AppsPageInput) (gen.AppsPageOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) RevokeApps(_ context.Context, in *gen.RevokeAppsInput) (gen.RevokeAppsOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) CheckSession(_ context.Context, in *gen.CheckSessionInput) (gen.CheckSessionOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) RequestLogout(_ context.Context, in *gen.RequestLogoutInput) (gen.RequestLogoutOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) RequestLogoutPost(_ context.Context, in *gen.RequestLogoutPostInput) (gen.RequestLogoutPostOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) LogoutPage(_ context.Context, in *gen.LogoutPageInput) (gen.LogoutPageOutput, error) {
	return nil, f.reach(in)
}

func (f *fake) Logout(_ context.Context, in *gen.LogoutInput) (gen.LogoutOutput, error) {
	return nil, f.reach(in)
}

// statusReached is what the renderer of a fake answers when the request came
// through.
const statusReached = 299

// handler serves both groups. The problem that an operation with x-problem
// hands on is answered like any other.
func (f *fake) handler() http.Handler {
	o := gen.Options{Error: func(w http.ResponseWriter, r *http.Request, op *gen.Operation, err error) {
		p, ok := errors.AsType[*gen.Problem](err)
		switch in := f.got.(type) {
		case *gen.AuthorizeInput:
			p = in.Problem
		case *gen.AuthorizePostInput:
			p = in.Problem
		}
		switch {
		case p != nil:
			w.Header().Set("Code", p.Code)
			w.Header().Set("Param", p.Param)
			w.WriteHeader(p.Status)
			_, _ = io.WriteString(w, p.Error())
		case !ok && errors.Is(err, errReached):
			w.WriteHeader(statusReached)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}}
	server, pages := gen.NewServerHandler(f, o), gen.NewPagesHandler(f, o)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.got = nil
		if pages.Serves(r.URL.EscapedPath()) {
			pages.ServeHTTP(w, r)
			return
		}
		server.ServeHTTP(w, r)
	})
}

// document is openapi.yaml, read by a library that has nothing to do with the
// templates.
var document = sync.OnceValues(func() (*openapi3.T, error) { return load("../../../openapi.yaml") })

func load(file string) (*openapi3.T, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(b)
}

func mustDocument(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
