package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/fetch"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/jose/jwe"
	"github.com/charterauth/charter/impl/oauth"
)

// checkRequestObject replaces an authorization request by what its request object
// says, if it has one (RFC 9101 §6.3): parameters beside the object are not
// looked at again, so every later check sees one set of them, which the client
// signed. Whatever was wrong with those beside it does not matter then.
//
// With an error the request is returned as it came: where it may be told follows
// from the redirect URI beside the object, which must be registered all the same.
func (s *Server) checkRequestObject(ctx context.Context, c *registered, q gen.AuthorizationRequest, problem *gen.Problem) (gen.AuthorizationRequest, *gen.Problem, error) {
	switch {
	case q.Request == "" && q.RequestURI == "":
		if c.metadata.RequireSignedRequestObject {
			return q, problem, oauth.InvalidRequest("request_object_missing", "this client must send its authorization requests as signed request objects")
		}
		return q, problem, nil
	case q.Request != "" && s.cfg.RequestObjects == RequestObjectsOff:
		return q, problem, oauth.NewError("request_not_supported", "request_object", "request objects are not supported")
	case q.RequestURI != "" && s.cfg.RequestObjects != RequestObjectsByReference:
		return q, problem, oauth.NewError("request_uri_not_supported", "request_object", "request_uri is not supported")
	case q.Request != "" && q.RequestURI != "": // RFC 9101 §5
		return q, problem, oauth.InvalidRequest("request_object_twice", "request and request_uri exclude each other")
	}
	object := q.Request
	if object == "" {
		var err error
		if object, err = s.fetchRequestObject(ctx, c, q.RequestURI); err != nil {
			return q, problem, err
		}
	}
	object, err := s.openRequestObject(ctx, object)
	if err != nil {
		return q, problem, err
	}
	claims, err := s.verifyRequestObject(ctx, c, object)
	if err != nil {
		return q, problem, err
	}
	signed, flaw := requestOf(claims)
	return signed, flaw, nil
}

// newRequestObjects returns what fetches request objects, or nil where they are
// not fetched.
func newRequestObjects(cfg Config) *fetch.Client {
	if cfg.RequestObjects != RequestObjectsByReference {
		return nil
	}
	return fetch.New(fetch.Config{
		RootCAs: cfg.FetchRootCAs, InsecureLoopback: cfg.InsecureFetchLoopback, Now: cfg.Now,
		MediaTypes: []string{"application/" + requestObjectTyp, "application/jwt"}, // RFC 9101 §10.4.1
	})
}

// fetchRequestObject gets the object from where the client registered that it may
// be, byte for byte (OpenID Connect Core §6.2): nobody else makes this server call
// anything. Where the registered URI has a fragment, it is the SHA-256 of what
// must be there.
func (s *Server) fetchRequestObject(ctx context.Context, c *registered, uri string) (string, error) {
	if !slices.Contains(c.metadata.RequestURIs, uri) {
		return "", oauth.NewError("invalid_request_uri", "request_uri_unregistered", "request_uri is not registered for this client")
	}
	place, hash, _ := strings.Cut(uri, "#")
	document, err := s.requestObjects.Get(ctx, place)
	if err != nil {
		return "", oauth.NewError("invalid_request_uri", "request_uri_unavailable", "request_uri could not be fetched").Because(err)
	}
	sum := sha256.Sum256(document.Body)
	if hash != "" && subtle.ConstantTimeCompare([]byte(hash), []byte(base64.RawURLEncoding.EncodeToString(sum[:]))) != 1 {
		s.requestObjects.Reject(place)
		return "", oauth.NewError("invalid_request_uri", "request_uri_changed", "what is at request_uri has not the hash of its fragment")
	}
	return string(document.Body), nil
}

const (
	// requestObjectTyp keeps other JWTs of a client from being taken for a request
	// (RFC 9101 §10.8).
	requestObjectTyp = "oauth-authz-req+jwt"
	// requestObjectLife is the longest that an object may be good for (FAPI 2.0
	// Message Signing §5.3.1).
	requestObjectLife = time.Hour
)

// openRequestObject decrypts an object that is encrypted (RFC 9101 §6.1). A client
// that registered how it may encrypt is not held to that (OpenID Connect
// Registration §2): any algorithm that the metadata has is good, and none. What is
// inside must be signed like one in clear, since anybody can encrypt to this server.
func (s *Server) openRequestObject(ctx context.Context, object string) (string, error) {
	if !jwe.IsMessage(object) {
		return object, nil
	}
	plain, err := s.keys.decrypt(ctx, object)
	if errors.Is(err, jwe.ErrMessage) {
		return "", errRequestObject("request_object_encryption", err)
	}
	return string(plain), err
}

// verifyRequestObject holds an object to RFC 9101 §6.2 and §4: signed by a key of
// the client, by the algorithm that it registered, made for this server and for
// now, about this client, and without another object in it.
func (s *Server) verifyRequestObject(ctx context.Context, c *registered, object string) (*jose.Claims, error) {
	alg := c.metadata.RequestObjectSigningAlg
	cfg := jose.VerifierConfig{
		Keys: s.clientKeys(c, alg), Issuer: c.id, Audience: s.issuer.identifier, MultipleAudiences: true,
		Typ: requestObjectTyp, Leeway: assertionLeeway, MaxLifetime: requestObjectLife, Now: s.now,
	}
	if c.legacyJWT() {
		cfg.Typ, cfg.OtherTyp = "JWT", requestObjectTyp
	}
	if alg != "" {
		cfg.Algorithms = []jose.Algorithm{jose.Algorithm(alg)}
	}
	verifier, err := jose.NewVerifier(cfg)
	if err != nil {
		return nil, err
	}
	claims, err := verifier.Verify(ctx, object)
	if err != nil {
		return nil, errRequestObject(requestObjectReason(err), err)
	}
	var clientID string
	switch {
	case claims.Get("client_id", &clientID) != nil || clientID != c.id: // RFC 9101 §5
		return nil, errRequestObject("request_object_client", nil)
	case claims.Subject == c.id: // it would be good as a client assertion (RFC 9101 §10.8)
		return nil, errRequestObject("request_object_subject", nil)
	case claims.Has("request"), claims.Has("request_uri"): // RFC 9101 §4
		return nil, errRequestObject("request_object_nested", nil)
	}
	return claims, nil
}

func requestObjectReason(err error) string {
	if invalid, ok := errors.AsType[*jose.InvalidError](err); ok {
		return "request_object_" + invalid.Reason
	}
	return "client_keys_unavailable"
}

func errRequestObject(reason string, cause error) error {
	return oauth.NewError("invalid_request_object", reason, "the request object is not good: its encryption, signature, typ, iss, aud, exp or client_id").Because(cause)
}
