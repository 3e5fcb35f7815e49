package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// trialMetadata is what a client needs of RFC 8414 §2.
type trialMetadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	RegistrationEndpoint  string   `json:"registration_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	IssParameter          bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207 §3
}

// discover reads the metadata at the first of the well-known places that has
// them.
func (t *trial) discover(ctx context.Context) error {
	places, err := wellKnown(t.issuer)
	if err != nil {
		return err
	}
	var tried []string
	for _, place := range places {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
		if err != nil {
			return err
		}
		status, err := t.do(r, nil, &t.metadata)
		if err != nil {
			return fmt.Errorf("%w; is there a server at %s? charter serve starts one", err, t.issuer)
		}
		if status == http.StatusOK {
			return t.checkMetadata(place)
		}
		tried = append(tried, fmt.Sprintf("%s answers %d", place, status))
	}
	return fmt.Errorf("no metadata found: %s", strings.Join(tried, "; "))
}

// wellKnown returns where the metadata of an issuer can be: the name inserted
// before its path (RFC 8414 §3.1), behind it, and OpenID Connect's.
func wellKnown(issuer string) ([]string, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("--issuer must be a URL such as https://auth.example.com")
	}
	if err := secureEndpoint("--issuer", issuer); err != nil {
		return nil, err
	}
	origin, path := u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	const oauth, openid = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
	places := []string{origin + oauth + path, origin + path + oauth, origin + openid + path, origin + path + openid}
	return slices.Compact(places), nil
}

// secureEndpoint refuses to send secrets in the clear, but to this machine.
func secureEndpoint(name, endpoint string) error {
	u, err := url.Parse(endpoint)
	if err == nil && (u.Scheme == "https" && u.Host != "" || u.Scheme == "http" && loopback(endpoint)) {
		return nil
	}
	return fmt.Errorf("%s %q must be an https URL, or http on loopback", name, endpoint)
}

func (t *trial) checkMetadata(place string) error {
	m := t.metadata
	// RFC 8414 §3.3: byte by byte, or another server could speak for this one.
	if m.Issuer != t.issuer {
		return fmt.Errorf("the metadata are those of issuer %q; say so with --issuer if it is the one", m.Issuer)
	}
	for _, e := range []struct {
		name, value string
		required    bool
	}{
		{"authorization_endpoint", m.AuthorizationEndpoint, true}, {"token_endpoint", m.TokenEndpoint, true},
		{"registration_endpoint", m.RegistrationEndpoint, false}, {"revocation_endpoint", m.RevocationEndpoint, false},
		{"introspection_endpoint", m.IntrospectionEndpoint, false},
	} {
		if e.value == "" && !e.required {
			continue
		}
		if err := secureEndpoint(e.name, e.value); err != nil {
			return err
		}
	}
	if !slices.Contains(m.ChallengeMethods, "S256") {
		return errors.New("the metadata do not offer PKCE with S256, which OAuth 2.1 requires")
	}
	t.step("discover", "%s", place)
	return nil
}
