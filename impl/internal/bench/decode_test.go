package bench

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
)

const decodeBody = "grant_type=authorization_code&code=chac_0123456789012345678901234567890123456789012345678&redirect_uri=https%3A%2F%2Fweb.example.com%2Fcb&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&client_id=web&scope=read+write"

// answering is a server whose token operation does nothing but answer.
type answering struct{ gen.Server }

func (answering) Token(context.Context, *gen.TokenInput) (gen.TokenOutput, error) {
	return &gen.Token200{Body: gen.TokenAnswer{AccessToken: "x", TokenType: gen.TokenTypeBearer, ExpiresIn: 3600}}, nil
}

// BenchmarkDecodeValidate is the generated layer alone: route, read, decode,
// validate, encode.
func BenchmarkDecodeValidate(b *testing.B) {
	h := gen.NewServerHandler(answering{}, gen.Options{Error: func(w http.ResponseWriter, _ *http.Request, _ *gen.Operation, err error) {
		b.Error(err)
	}})
	decode(b, h)
}

// BenchmarkDecodeFloor is net/http's own form parsing, which checks nothing,
// with the same answer.
func BenchmarkDecodeFloor(b *testing.B) {
	decode(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			b.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"access_token":"x","token_type":"Bearer","expires_in":3600}`))
	}))
}

func decode(b *testing.B, h http.Handler) {
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(decodeBody))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
	}
}
