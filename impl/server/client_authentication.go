package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// An authenticated is a client that the caller has shown to be, as far as its
// registered method shows anything: for a public client (method none) it is only
// what the request said (RFC 6749 §2.3). authenticateClient alone makes one, so
// a function that takes it cannot be reached without.
type authenticated struct {
	*registered
	method client.Method // how, and the registered method
}

// confidential reports whether the caller proved to be the client.
func (a authenticated) confidential() bool { return a.method != client.None }

// credentials are the client's parameters of a form; "" is absent.
type credentials struct{ id, secret, assertion string }

// presentation is how a request authenticates, and as whom.
type presentation struct {
	credentials
	// method is empty for an assertion: which of the two methods it is, the
	// registration says and never the assertion.
	method client.Method
}

// authenticateClient authenticates the caller of a request by RFC 6749 §2.3 and
// RFC 7523 §2.2. The answer for an unknown client and for a wrong secret is the
// same. Failures count against the peer (RFC 6749 §2.3.1 demands protection
// against guessing); a public client has nothing to guess and is not held up by
// others.
func (s *Server) authenticateClient(ctx context.Context, r *http.Request, form credentials) (authenticated, error) {
	p, err := presentedCredentials(r, form)
	if err != nil {
		return authenticated{}, s.authenticationFailed(r, p.method, err)
	}
	if p.method != client.None && s.limits.authenticationFailures.exhausted(s.peer(r), s.now()) {
		return authenticated{}, tooManyRequests("client_authentication_rate")
	}
	c, err := s.lookupClient(ctx, p.id)
	if err != nil {
		if isInvalidClient(err) {
			verifySecret(decoySecrets, p.secret, s)
		}
		return authenticated{}, s.authenticationFailed(r, p.method, err)
	}
	method := c.metadata.AuthMethod()
	// The method is part of the registration: a secret in another place, or none
	// at all, is a failure even where it would be right.
	if p.method != method && (p.method != "" || !method.Asserts()) {
		err := oauth.InvalidClient("client_method_unregistered", authenticationFailure)
		return authenticated{}, s.authenticationFailed(r, p.method, err)
	}
	if err := s.checkCredentials(ctx, c, p); err != nil {
		if e, ok := errors.AsType[*oauth.Error](err); ok {
			s.emit(ctx, store.Event{Reason: e.Reason, ClientID: c.id, Address: s.address(r)})
		}
		return authenticated{}, s.authenticationFailed(r, p.method, err)
	}
	return authenticated{c, method}, nil
}

// checkCredentials holds what was presented to what is registered.
func (s *Server) checkCredentials(ctx context.Context, c *registered, p presentation) error {
	switch method := c.metadata.AuthMethod(); {
	case method == client.None:
		return nil
	case method.Asserts():
		return s.checkAssertion(ctx, c, p.assertion)
	case c.stored == nil || !verifySecret(c.stored.Secrets, p.secret, s):
		return oauth.InvalidClient("client_secret_wrong", authenticationFailure)
	}
	return nil
}

const authenticationFailure = "client authentication failed"

// presentedCredentials reads by which method, and as whom, a request
// authenticates. More than one method is refused (RFC 6749 §2.3), also when one
// of them alone would do.
func presentedCredentials(r *http.Request, form credentials) (presentation, error) {
	header := r.Header["Authorization"]
	switch {
	case several(len(header) > 0, form.secret != "", form.assertion != ""):
		return presentation{}, oauth.InvalidRequest("client_methods_several", "more than one client authentication method")
	case len(header) > 0:
		basic, err := basicCredentials(header, form)
		return presentation{basic, client.SecretBasic}, err
	case form.assertion != "":
		id, ok := assertionClient(form)
		if !ok {
			return presentation{}, errAssertion("client_assertion_malformed", nil)
		}
		return presentation{credentials{id: id, assertion: form.assertion}, ""}, nil
	case form.secret != "" && form.id == "":
		return presentation{method: client.SecretPost}, oauth.InvalidRequest("client_id_missing", "client_id is required")
	case form.secret != "":
		return presentation{form, client.SecretPost}, nil
	case form.id != "":
		return presentation{form, client.None}, nil
	default:
		return presentation{method: client.None}, oauth.InvalidClient("client_missing", "client authentication is required")
	}
}

func several(ways ...bool) bool {
	n := 0
	for _, used := range ways {
		if used {
			n++
		}
	}
	return n > 1
}

// basicCredentials reads the Authorization header. A client may repeat its name
// in the body; another name is a mistake or an attack on whoever reads only one
// of them.
func basicCredentials(header []string, form credentials) (credentials, error) {
	basic, ok := parseBasic(header)
	if !ok {
		return credentials{}, oauth.InvalidClient("client_header_malformed", "the Authorization header is not one of the Basic scheme with form-encoded client_id and client_secret")
	}
	if form.id != "" && form.id != basic.id {
		return credentials{}, oauth.InvalidRequest("client_ids_differ", "client_id differs from the one in the Authorization header")
	}
	return basic, nil
}

// authenticationFailed counts a failure by secret, and makes every refusal read
// alike. Errors that say nothing about the client pass unchanged.
func (s *Server) authenticationFailed(r *http.Request, method client.Method, err error) error {
	if !isInvalidClient(err) {
		return err
	}
	if method == client.None {
		return err
	}
	s.limits.authenticationFailures.allow(s.peer(r), s.now())
	if e, _ := errors.AsType[*oauth.Error](err); e.Reason != "client_header_malformed" {
		return oauth.InvalidClient(e.Reason, authenticationFailure)
	}
	return err
}

func isInvalidClient(err error) bool {
	e, ok := errors.AsType[*oauth.Error](err)
	return ok && e.Code == "invalid_client"
}

// verifySecret compares with every secret that is good now: during a rotation
// there are two. It does not stop at the first that matches.
func verifySecret(secrets []store.ClientSecret, presented string, s *Server) bool {
	good, now := false, s.now()
	for _, secret := range secrets {
		if !expired(secret.ExpiresAt, now) && client.VerifySecret(secret.Hash, presented) {
			good = true
		}
	}
	return good
}

// decoySecrets are compared with when there is no client, so that the answer
// takes as long as for a wrong secret.
var decoySecrets = []store.ClientSecret{{Hash: client.HashGenerated("no client has this secret")}}

// address returns the peer's address for events; "" when the connection has none.
func (s *Server) address(r *http.Request) string {
	addr := s.peer(r)
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}
