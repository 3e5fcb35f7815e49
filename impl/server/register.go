package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// Register is the client registration endpoint (RFC 7591 §3).
func (s protocol) Register(ctx context.Context, in *gen.RegisterInput) (gen.RegisterOutput, error) {
	if err := s.checkRegistrationAllowed(ctx, in.HTTP); err != nil {
		return nil, err
	}
	metadata, err := client.Parse(in.Raw, s.clientRules())
	if err != nil {
		return nil, err
	}
	if metadata, err = s.askRegistrationPolicy(ctx, in.HTTP, metadata, ""); err != nil {
		return nil, err
	}
	if err := s.checkSector(ctx, metadata); err != nil {
		return nil, err
	}
	n := s.newRegistration(metadata)
	stored, err := s.store.RegisterClient(ctx, n.client, s.now().Add(-s.cfg.Lifetimes.RegistrationWindow), n.token)
	if err != nil {
		return nil, err
	}
	body, err := s.registrationAnswer(n, stored, metadata)
	if err != nil {
		return nil, err
	}
	return &gen.Register201{Body: body}, nil
}

// checkRegistrationAllowed asks the rate limit and, as the mode says, for an
// initial access token (RFC 7591 §3).
func (s *Server) checkRegistrationAllowed(ctx context.Context, r *http.Request) error {
	if s.cfg.Registration == RegistrationClosed {
		return forbidden(oauth.AccessDenied("registration_closed", "this server does not register clients; ask its operator"))
	}
	if !s.limits.registrations.allow(s.peer(r), s.now()) {
		return tooManyRequests("registration_rate")
	}
	if s.cfg.Registration == RegistrationOpen {
		return nil
	}
	_, err := s.bearer(ctx, r, store.InitialAccessToken, seal.PrefixInitialAccessToken)
	return err
}

// bearer returns the live token of a kind that the request bears in its
// Authorization header (RFC 6750 §2.1; no other place is looked at).
func (s *Server) bearer(ctx context.Context, r *http.Request, kind store.Kind, prefix string) (store.Token, error) {
	value, ok := bearerValue(r)
	if !ok {
		return store.Token{}, &refusal{as: oauth.InvalidToken("token_missing", "a bearer token is required"), status: http.StatusUnauthorized}
	}
	invalid := oauth.InvalidToken("token_invalid", "the token is not good here")
	if !seal.WellFormed(prefix, value) {
		return store.Token{}, invalid
	}
	token, _, err := s.store.Token(ctx, store.NewDigest(kind, value))
	if isNotFound(err) {
		return store.Token{}, invalid
	}
	if err != nil {
		return store.Token{}, err
	}
	if token.Kind != kind || !token.ConsumedAt.IsZero() || !token.ExpiresAt.IsZero() && !s.now().Before(token.ExpiresAt) {
		return store.Token{}, invalid
	}
	if kind == store.InitialAccessToken && s.Revived(token.CreatedAt) {
		return store.Token{}, invalid // it may have been used up
	}
	return token, nil
}

// bearerValue returns the credential of a single Bearer Authorization header.
func bearerValue(r *http.Request) (string, bool) {
	lines := r.Header["Authorization"]
	if len(lines) != 1 {
		return "", false
	}
	scheme, value, ok := strings.Cut(lines[0], " ")
	return value, ok && strings.EqualFold(scheme, "Bearer") && value != ""
}

// askRegistrationPolicy lets the embedding program refuse or change metadata;
// what it returns is held to the same rules as the client's.
func (s *Server) askRegistrationPolicy(ctx context.Context, r *http.Request, metadata client.Metadata, clientID string) (client.Metadata, error) {
	if s.cfg.RegistrationPolicy == nil {
		return metadata, nil
	}
	changed, err := s.cfg.RegistrationPolicy(ctx, RegistrationAttempt{metadata, clientID, s.peer(r).String()})
	if err != nil {
		return client.Metadata{}, err
	}
	return client.Parse(changed.JSON(), s.clientRules())
}

// A newRegistration is a registration before it is stored, with the secrets that
// are told once.
type newRegistration struct {
	client      store.Client
	token       store.Token
	secret      string // empty for public clients
	accessToken string // registration access token
}

func (s *Server) newRegistration(metadata client.Metadata) newRegistration {
	now := s.now()
	n := newRegistration{
		client: store.Client{
			ID: randomID(), Metadata: metadata.JSON(), Source: sourceDynamic, Revision: 1,
			CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(s.cfg.Lifetimes.Registration),
		},
		accessToken: seal.NewToken(seal.PrefixRegistrationAccessToken),
	}
	if metadata.AuthMethod() == client.None {
		// Only a public client can be shared: a repeat of a confidential
		// client's registration needs a secret of its own.
		n.client.Fingerprint = store.NewDigest(store.ClientFingerprint, string(metadata.Fingerprint()))
	} else {
		n.secret, n.client.Secrets = newClientSecret(s.cfg.KeyEncryptionKey, n.client.ID, metadata.AuthMethod(), now)
	}
	n.token = store.Token{
		Digest: store.NewDigest(store.RegistrationAccessToken, n.accessToken), Kind: store.RegistrationAccessToken,
		ClientID: n.client.ID, CreatedAt: now,
	}
	return n
}

// registrationAnswer is the client information response (RFC 7591 §3.2.1).
//
// A registration that repeats another one gets the same client_id, but no
// registration access token: the members of RFC 7592 §3 are left out, as RFC
// 7591 allows. The first registrant keeps its token, which from then on only
// reads: nobody may change a client under others who use it.
func (s *Server) registrationAnswer(n newRegistration, stored store.Client, metadata client.Metadata) (gen.ClientInformation, error) {
	info := clientInformation(stored, metadata)
	if stored.ID != n.client.ID {
		return info, nil
	}
	info.ClientSecret = n.secret
	info.RegistrationAccessToken = n.accessToken
	info.RegistrationClientURI = s.registrationClientURI(stored.ID)
	return info, nil
}

// clientInformation is what anybody who may see the registration gets to see:
// never a secret, never a hash.
func clientInformation(stored store.Client, metadata client.Metadata) gen.ClientInformation {
	info := metadata.Information()
	info.ClientID = stored.ID
	info.ClientIDIssuedAt = new(stored.CreatedAt.Unix())
	if len(stored.Secrets) > 0 {
		info.ClientSecretExpiresAt = new(unixOrZero(stored.Secrets[0].ExpiresAt))
	}
	return info
}

// unixOrZero writes a time as RFC 7591 §3.2.1 does: 0 is never.
func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func (s *Server) registrationClientURI(id string) string {
	return s.issuer.url(gen.PathRegister + "/" + id)
}
