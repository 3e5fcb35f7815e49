package transcript

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// A setup is what a server section says.
type setup struct {
	changes   []func(*server.Config)
	protects  []protected
	documents bool // clients may be named by the URL of their metadata
	signUp    bool // people can create accounts
}

// configure reads a server section.
func configure(lines []string) (s setup, err error) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, " ")
		switch name {
		case "protects", "protects-by-keys":
			r, err := readProtected(value, name == "protects-by-keys")
			if err != nil {
				return s, err
			}
			s.protects = append(s.protects, r)
		case "documents":
			s.documents = true
		case "sign-up":
			s.signUp = true
		default:
			change, err := setting(name, value)
			if err != nil {
				return s, err
			}
			s.changes = append(s.changes, change)
		}
	}
	return s, nil
}

func setting(name, value string) (func(*server.Config), error) {
	switch name {
	case "issuer":
		return func(cfg *server.Config) { cfg.Issuer = value }, nil
	case "default-scope":
		return func(cfg *server.Config) { cfg.DefaultScopes = strings.Fields(value) }, nil
	case "openid":
		return servertest.OpenID, nil
	case "request-objects":
		from := map[string]server.RequestObjects{"value": server.RequestObjectsByValue, "reference": server.RequestObjectsByReference}
		if from[value] == server.RequestObjectsOff {
			return nil, fmt.Errorf("request-objects %q", value)
		}
		return func(cfg *server.Config) { cfg.RequestObjects = from[value] }, nil
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

// baseValues are known to every transcript: RFC 7636 Appendix B, and the issuer.
func baseValues(issuer string) values {
	return values{"issuer": issuer, "verifier": servertest.Verifier, "challenge": servertest.Challenge}
}
