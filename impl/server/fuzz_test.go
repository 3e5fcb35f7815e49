package server_test

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// requests are one request for every kind of endpoint, most of them from an
// example of an RFC.
var requests = []string{
	"GET /authorize?response_type=code&client_id=s6BhdRkqt3&state=xyz&redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb HTTP/1.1\r\nHost: auth.example.com\r\n\r\n",
	"GET /authorize?response_type=code&response_type=token&client_id=https%3A%2F%2Fapp.example%2Fclient.json HTTP/1.1\r\nHost: auth.example.com\r\nCookie: __Host-charter-browser=x\r\n\r\n",
	"POST /token HTTP/1.1\r\nHost: auth.example.com\r\nAuthorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 86\r\n\r\ngrant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA&redirect_uri=https%3A%2F%2Fa",
	"POST /token HTTP/1.1\r\nHost: auth.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 66\r\n\r\ngrant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&a=%z",
	"POST /revoke HTTP/1.1\r\nHost: auth.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\ntoken=45ghiukldjahdnhzdauz&token_type_hint=refresh",
	"POST /introspect HTTP/1.1\r\nHost: auth.example.com\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 31\r\n\r\ntoken=mF_9.B5f-4.1JqM&client_id",
	"POST /register HTTP/1.1\r\nHost: auth.example.com\r\nContent-Type: application/json\r\nContent-Length: 66\r\n\r\n{\"redirect_uris\":[\"https://client.example.org/cb\"],\"client_name\":1}",
	"GET /register/s6BhdRkqt3 HTTP/1.1\r\nHost: auth.example.com\r\nAuthorization: Bearer reg-23410913-abewfq.123483\r\n\r\n",
	"GET /.well-known/oauth-authorization-server HTTP/1.1\r\nHost: auth.example.com\r\nOrigin: https://app.example\r\n\r\n",
	"GET /.well-known/oauth-protected-resource/mcp HTTP/1.1\r\nHost: auth.example.com\r\n\r\n",
	"OPTIONS /token HTTP/1.1\r\nHost: auth.example.com\r\nOrigin: null\r\nAccess-Control-Request-Method: POST\r\n\r\n",
	"HEAD //token/../jwks HTTP/1.0\r\nHost: evil.example\r\nX-Forwarded-Host: auth.example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST /token HTTP/1.1\r\nHost: auth.example.com\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n--x--",
}

// FuzzServe is FUZZ-2, FUZZ-3, FUZZ-12 and FUZZ-19: whatever bytes a listener
// reads as a request, the answer is one that the document declares, is no failure
// of the server, and leads nowhere but to a page of this server or to the redirect
// URI of the client that is there.
func FuzzServe(f *testing.F) {
	s := servertest.New(f, memory.New(), func(c *server.Config) {
		c.Logger, c.Events = slog.New(slog.DiscardHandler), nil // ten minutes of it
	})
	public := s.Public()
	for _, raw := range requests {
		f.Add([]byte(raw))
	}
	f.Add([]byte("GET /authorize?" + public.Request(nil).Encode() + " HTTP/1.1\r\nHost: auth.example.com\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return // 400 by net/http
		}
		r.RemoteAddr = "192.0.2.1:1234"
		sent := *r
		address := *r.URL
		sent.URL = &address
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		res := w.Result()
		if res.StatusCode >= http.StatusInternalServerError {
			t.Errorf("status %d", res.StatusCode)
		}
		openapitest.Validate(t, &sent, res)
		for _, to := range res.Header.Values("Location") {
			u, err := url.Parse(to)
			if err != nil || u.Host != "" && u.Host != "auth.example.com" && !strings.HasPrefix(to, "https://client.example.org/") && !strings.HasPrefix(to, public.RedirectURI) {
				t.Errorf("leads to %q", to)
			}
		}
		io.Copy(io.Discard, res.Body)
	})
}
