package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/interact/upstream"
	"github.com/charterauth/charter/impl/store"
)

// An upstreamProvider is another OpenID provider, at which people sign in.
type upstreamProvider struct {
	issuer, name, clientID, secretFile string
	scopes                             []string
}

const upstreamSecretVariable = environmentPrefix + "UPSTREAM_CLIENT_SECRET"

func (u upstreamProvider) check() error {
	switch {
	case u.issuer == "" && (u.name != "" || u.clientID != "" || u.secretFile != "" || u.scopes != nil):
		return errors.New("--upstream-name, --upstream-client-id, --upstream-client-secret-file and --upstream-scope need --upstream-issuer")
	case u.issuer != "" && u.clientID == "":
		return errors.New("--upstream-issuer needs --upstream-client-id: register this server there, with the redirect URI ISSUER/login/upstream")
	}
	return nil
}

// secret returns the client secret: of CHARTER_UPSTREAM_CLIENT_SECRET, or of the
// file. "" is a public client.
func (u upstreamProvider) secret() (string, error) {
	direct := os.Getenv(upstreamSecretVariable)
	switch {
	case direct != "" && u.secretFile != "":
		return "", fmt.Errorf("both %s and --upstream-client-secret-file are given; keep one", upstreamSecretVariable)
	case u.secretFile == "":
		return strings.TrimSpace(direct), nil
	}
	b, err := os.ReadFile(u.secretFile)
	if err != nil {
		return "", fmt.Errorf("--upstream-client-secret-file: %w", err)
	}
	if s := strings.TrimSpace(string(b)); s != "" {
		return s, nil
	}
	return "", fmt.Errorf("--upstream-client-secret-file: %s is empty", u.secretFile)
}

// people fills in who can sign in: those with a password here, or those whom the
// upstream provider knows, each with an account of ours.
func (o serveOptions) people(cfg interact.Config, st store.Store) (interact.Config, error) {
	if o.upstream.issuer == "" {
		local := interact.NewLocalAccounts(st)
		cfg.Accounts = local
		if o.signUp {
			cfg.SignUp = local.SignUp
		}
		return cfg, nil
	}
	secret, err := o.upstream.secret()
	if err != nil {
		return cfg, err
	}
	linked := interact.NewLinkedAccounts(st)
	cfg.Accounts = linked
	cfg.Upstream, err = upstream.OpenID(upstream.Config{
		Issuer: o.upstream.issuer, Name: o.upstream.name, ClientID: o.upstream.clientID, ClientSecret: secret,
		Scopes: o.upstream.scopes, Link: linked.Link,
	})
	if err != nil {
		return cfg, fmt.Errorf("--upstream-issuer: %w", err)
	}
	return cfg, nil
}
