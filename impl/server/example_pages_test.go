package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

const issuer = "https://auth.example.com"

// own is an Interaction with one page of the program's own: what is done when the
// browser comes to it.
type own func(w http.ResponseWriter, r *http.Request)

func (own) Start(_ context.Context, asked *server.Pending) (string, error) {
	return issuer + "/ask?request=" + asked.Handle(), nil
}

func (own) ShowError(w http.ResponseWriter, _ *http.Request, e server.ErrorPage) {
	http.Error(w, e.Description, e.Status)
}

func (o own) ServeHTTP(w http.ResponseWriter, r *http.Request) { o(w, r) }

// walk has a client send a browser to a server with that page, and prints where
// the browser ends.
func walk(page func(srv *server.Server) own) {
	kek, err := seal.ParseKEK([]byte(seal.GenerateKEK()))
	if err != nil {
		panic(err)
	}
	st := memory.New()
	srv, err := server.New(server.Config{
		Issuer: issuer, Store: st, KeyEncryptionKey: kek, Scopes: []string{"read", "write"},
		Interaction: func(srv *server.Server) (server.Interaction, error) { return page(srv), nil },
	})
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	client, _, err := server.CreateClient(context.Background(), st, time.Now(), server.OperatorClient{Metadata: []byte(
		`{"client_name":"App","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none"}`)})
	if err != nil {
		panic(err)
	}
	at := issuer + "/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {client.ID}, "scope": {"read write"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}.Encode()
	var cookies []*http.Cookie
	for range 2 { // to the page, and back to the client
		r := httptest.NewRequest(http.MethodGet, at, nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		cookies, at = w.Result().Cookies(), w.Header().Get("Location")
	}
	back, err := url.Parse(at)
	if err != nil {
		panic(err)
	}
	fmt.Println(back.Host, "code:", back.Query().Has("code"), "error:", back.Query().Get("error"))
}

// A page of the program's own tells from the request who asks for what.
func ExampleServer_Pending() {
	walk(func(srv *server.Server) own {
		return func(w http.ResponseWriter, r *http.Request) {
			asked, err := srv.Pending(r.Context(), r, r.FormValue("request"))
			if err != nil {
				srv.ShowError(w, r, err)
				return
			}
			fmt.Println(asked.ClientName(), "at", asked.RedirectHost(), "asks for", asked.Scopes())
		}
	})
	// Output:
	// App at app.example.com asks for [read write]
	//  code: false error:
}

// Who has signed in, and what they allow, is the program's to say; where the
// answer goes is not. A real page completes a request on POST, after CheckCSRF.
func ExampleServer_Complete() {
	walk(func(srv *server.Server) own {
		return func(w http.ResponseWriter, r *http.Request) {
			asked, err := srv.Pending(r.Context(), r, r.FormValue("request"))
			if err != nil {
				srv.ShowError(w, r, err)
				return
			}
			answer, err := srv.Complete(r.Context(), asked, server.Decision{
				Subject: "user-1", AuthTime: time.Now(), Scopes: []string{"read"}, Props: json.RawMessage(`{"plan":"free"}`),
			})
			if err != nil {
				srv.ShowError(w, r, err)
				return
			}
			answer.Send(w)
		}
	})
	// Output: app.example.com code: true error:
}

func ExampleServer_Deny() {
	walk(func(srv *server.Server) own {
		return func(w http.ResponseWriter, r *http.Request) {
			asked, err := srv.Pending(r.Context(), r, r.FormValue("request"))
			if err != nil {
				srv.ShowError(w, r, err)
				return
			}
			answer, err := srv.Deny(r.Context(), asked)
			if err != nil {
				srv.ShowError(w, r, err)
				return
			}
			answer.Send(w)
		}
	})
	// Output: app.example.com code: false error: access_denied
}

func ExampleServer_VerifyAccessToken() {
	kek, err := seal.ParseKEK([]byte(seal.GenerateKEK()))
	if err != nil {
		panic(err)
	}
	srv, err := server.New(server.Config{Issuer: issuer, Store: memory.New(), KeyEncryptionKey: kek})
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	if _, err := srv.VerifyAccessToken(context.Background(), "chat_unknown"); err != nil {
		fmt.Println("no") // 401, unless it is store.ErrUnavailable; protect.InProcess does all that
	}
	// Output: no
}
