package doctor

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// readable reports whether a page of the client's origin may read the answer.
func (s *session) readable(a *answer) bool {
	allowed := a.header.Get("Access-Control-Allow-Origin")
	return allowed == "*" || allowed == s.client.Origin
}

// preflight asks what a browser asks first (Fetch standard §4.8).
func (s *session) preflight(ctx context.Context, target, method, header string) (bool, error) {
	a, err := s.send(ctx, call{method: http.MethodOptions, url: target, header: map[string]string{
		"Origin": s.client.Origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": header,
	}})
	if err != nil {
		return false, err
	}
	allowed := strings.ToLower(a.header.Get("Access-Control-Allow-Headers"))
	return a.status < 300 && s.readable(a) && (allowed == "*" || strings.Contains(allowed, header)), nil
}

// checkMetadataCORS: the SDK tries again without its own header where the
// preflight does not pass.
func checkMetadataCORS(ctx context.Context, s *session) verdict {
	documents := []string{s.metadataAt}
	if s.resource != nil {
		documents = []string{s.resourceAt, s.metadataAt}
	}
	for _, at := range documents {
		a, err := s.get(ctx, at)
		if err != nil {
			return failed(err.Error())
		}
		if !s.readable(a) {
			return failed("a page of " + s.client.Origin + " may not read " + at)
		}
	}
	for _, at := range documents {
		if ok, err := s.preflight(ctx, at, http.MethodGet, "mcp-protocol-version"); err != nil || !ok {
			return warned("the preflight for " + at + " does not pass: the client has to ask twice")
		}
	}
	return passed
}

func checkRegistrationCORS(ctx context.Context, s *session) verdict {
	at := s.metadata.text("registration_endpoint")
	ok, err := s.preflight(ctx, at, http.MethodPost, "content-type")
	if err != nil || !ok {
		return failed("the preflight of a page of " + s.client.Origin + " does not pass")
	}
	if s.registration == nil || !s.readable(s.registration) {
		return failed("a page of " + s.client.Origin + " may not read the answer")
	}
	return passed
}

func checkTokenCORS(ctx context.Context, s *session) verdict {
	a, err := s.send(ctx, s.unknownCode())
	if err != nil || !s.readable(a) {
		return failed("a page of " + s.client.Origin + " may not read the answer")
	}
	return passed
}

// basic is HTTP Basic as RFC 6749 §2.3.1 encodes it.
func basic(id, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret)))
}
