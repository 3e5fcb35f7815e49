package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// UserInfo is the UserInfo endpoint (OpenID Connect Core §5.3).
func (s protocol) UserInfo(ctx context.Context, in *gen.UserInfoInput) (gen.UserInfoOutput, error) {
	info, jwt, err := s.userInfo(ctx, in.HTTP, "")
	if err != nil {
		return nil, err
	}
	return &gen.UserInfo200{Body: info, JWT: jwt}, nil
}

// UserInfoPost is the UserInfo endpoint for requests by POST (OpenID Connect Core
// §5.3.1), which may carry the token in the form (RFC 6750 §2.2).
func (s protocol) UserInfoPost(ctx context.Context, in *gen.UserInfoPostInput) (gen.UserInfoPostOutput, error) {
	info, jwt, err := s.userInfo(ctx, in.HTTP, in.Form.AccessToken)
	if err != nil {
		return nil, err
	}
	return &gen.UserInfoPost200{Body: info, JWT: jwt}, nil
}

// userInfo answers for a live access token with scope openid, as JSON or as the JWT
// that the client registered for. inForm is the token of a form, "" for none. The
// store is asked: a revoked token tells nothing more.
func (s *Server) userInfo(ctx context.Context, r *http.Request, inForm string) (info gen.UserInfo, jwt []byte, err error) {
	if !s.cfg.openIDProvider() {
		return info, nil, errNoOpenIDProvider
	}
	token, err := presentedToken(r, inForm)
	if err != nil {
		return info, nil, err
	}
	c, t, g, err := s.identityToken(ctx, token)
	if err != nil {
		return info, nil, err
	}
	if info.Sub, err = s.subjectFor(ctx, c, g.Subject); err != nil {
		return info, nil, err
	}
	if info.Additional, err = s.userInfoClaims(ctx, t, g); err != nil {
		return info, nil, err
	}
	jwt, err = s.userInfoJWT(ctx, c, info)
	return info, jwt, err
}

// userInfoClaims returns what the scopes of a token, and the claims parameter of
// its authorization request, ask for (OpenID Connect Core §5.4, §5.5).
func (s *Server) userInfoClaims(ctx context.Context, t store.Token, g store.Grant) (map[string]json.RawMessage, error) {
	of, err := parametersOf(g)
	if err != nil {
		return nil, err
	}
	all, err := s.claimsOf(ctx, g.Subject)
	if errors.Is(err, ErrNoPerson) {
		return nil, errAccessToken("person_gone").Because(err)
	}
	if err != nil {
		return nil, err
	}
	told := addAsked(s.scopes.ofScopes(all, t.Scopes), all, of.Claims.UserInfo)
	localize(told, all, of.ClaimsLocales)
	return told, nil
}

// userInfoJWT returns the response as the JWT that the client registered for,
// signed, encrypted, or signed and then encrypted (OpenID Connect Core §5.3.2); nil
// for a client that wants JSON.
func (s *Server) userInfoJWT(ctx context.Context, c *registered, info gen.UserInfo) ([]byte, error) {
	alg := c.metadata.UserinfoSignedResponseAlg
	e := encryption{alg: c.metadata.UserinfoEncryptedResponseAlg, enc: c.metadata.UserinfoEncryptedResponseEnc}
	signer := s.signerFor(c, alg, e)
	switch {
	case alg == "" && e.alg == "":
		return nil, nil
	case alg == "":
		signer = s.encrypterFor(c, e)
	}
	jwt, err := mint.UserInfo{
		Issuer: s.issuer.identifier, Subject: info.Sub, ClientID: c.id, Claims: info.Additional, Sign: signer,
	}.Mint(ctx)
	return []byte(jwt), err
}

// identityToken returns a live access token with scope openid, its grant and its
// client. That scope is its audience here: whoever got the token for a resource
// alone asks for it without openid.
func (s *Server) identityToken(ctx context.Context, token string) (*registered, store.Token, store.Grant, error) {
	if tokenKind(token) != store.AccessToken {
		return nil, store.Token{}, store.Grant{}, errAccessToken("access_token_malformed")
	}
	t, g, found, err := s.findToken(ctx, token)
	if err != nil {
		return nil, t, g, err
	}
	if !found {
		return nil, t, g, errAccessToken("access_token_unknown")
	}
	c, err := s.lookupClient(ctx, t.ClientID)
	if isInvalidClient(err) {
		return nil, t, g, errAccessToken("access_token_client_gone").Because(err)
	}
	if err != nil {
		return nil, t, g, err
	}
	live, err := s.liveToken(ctx, t, g, c)
	switch {
	case err != nil:
		return nil, t, g, err
	case live == nil:
		return nil, t, g, errAccessToken("access_token_not_live")
	case !slices.Contains(t.Scopes, openID):
		return nil, t, g, oauth.InsufficientScope("openid_missing", "the access token has no scope openid")
	}
	return c, t, g, nil
}

// errAccessToken is the one answer for an access token that is not good (RFC 6750
// §3.1).
func errAccessToken(reason string) *oauth.Error {
	return oauth.InvalidToken(reason, "the access token is not good")
}

// presentedToken returns the access token of a request. One in two ways is
// refused (RFC 6750 §2).
func presentedToken(r *http.Request, inForm string) (string, error) {
	if inForm == "" {
		token, _ := bearerValue(r) // the generated layer has seen that it is there
		return token, nil
	}
	if len(r.Header["Authorization"]) > 0 {
		return "", oauth.InvalidRequest("token_twice", "the access token is sent in two ways")
	}
	return inForm, nil
}
