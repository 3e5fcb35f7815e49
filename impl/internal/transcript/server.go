package transcript

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// configure returns what a server section changes in the configuration.
func configure(lines []string) (func(*server.Config), error) {
	var changes []func(*server.Config)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, " ")
		change, err := setting(name, value)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	return func(cfg *server.Config) {
		for _, change := range changes {
			change(cfg)
		}
	}, nil
}

func setting(name, value string) (func(*server.Config), error) {
	switch name {
	case "issuer":
		return func(cfg *server.Config) { cfg.Issuer = value }, nil
	case "default-scope":
		return func(cfg *server.Config) { cfg.DefaultScopes = strings.Fields(value) }, nil
	case "openid":
		return servertest.OpenID, nil
	case "no-people":
		return func(cfg *server.Config) { cfg.Interaction = nil }, nil
	case "tokens":
		return func(cfg *server.Config) {
			for i := range cfg.Resources {
				cfg.Resources[i].TokenFormat = server.TokenFormat(value)
			}
		}, nil
	case "resource":
		return func(cfg *server.Config) {
			uri, title, _ := strings.Cut(value, " ")
			cfg.Resources = append(cfg.Resources, server.Resource{URI: uri, Name: title, Scopes: []string{"tools"}})
		}, nil
	case "wrong-secrets-per-minute":
		n, err := strconv.Atoi(value)
		return func(cfg *server.Config) { cfg.Limits.AuthenticationFailuresPerMinute = n }, err
	case "registration":
		modes := map[string]server.Registration{"closed": server.RegistrationClosed, "token": server.RegistrationToken, "open": server.RegistrationOpen}
		mode, ok := modes[value]
		if !ok {
			return nil, fmt.Errorf("registration %q", value)
		}
		return func(cfg *server.Config) { cfg.Registration = mode }, nil
	}
	return nil, fmt.Errorf("the server has no setting %q", name)
}

// interaction is the pages of a server, made by its New.
func interaction(s *server.Server) (server.Interaction, error) { return pages{s}, nil }

// baseValues are known to every transcript: RFC 7636 Appendix B, and the issuer.
func baseValues(issuer string) values {
	return values{"issuer": issuer, "verifier": servertest.Verifier, "challenge": servertest.Challenge}
}
