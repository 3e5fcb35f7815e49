package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/pflag"
)

const insecureLegacyJWTUsage = "take client assertions addressed to the token endpoint, and request objects without typ; only for clients that cannot be changed"

// clientFlags are client metadata as flags (RFC 7591 §2). What has no flag of its
// own is in a file.
type clientFlags struct {
	file                                                        string
	name, authMethod, applicationType, scope, jwksFile, jwksURI string
	redirectURIs, grantTypes                                    []string
	backchannelLogoutURI                                        string
}

func (m *clientFlags) flags(f *pflag.FlagSet, defaultGrants []string) {
	f.StringVar(&m.file, "metadata", "", "file with client metadata, a JSON object of RFC 7591 and OpenID Connect Registration; other flags come on top")
	f.StringVar(&m.name, "name", "", "name shown to people")
	f.StringSliceVar(&m.redirectURIs, "redirect-uri", nil, "redirect URI; repeatable")
	f.StringSliceVar(&m.grantTypes, "grant", defaultGrants, "grant type; repeatable")
	f.StringVar(&m.authMethod, "auth-method", "", "client authentication: none, client_secret_basic (the default), client_secret_post, private_key_jwt or client_secret_jwt")
	f.StringVar(&m.jwksFile, "jwks", "", "file with the client's public keys, a JWK Set")
	f.StringVar(&m.jwksURI, "jwks-uri", "", "https URL of the client's public keys")
	f.StringVar(&m.applicationType, "application-type", "", "web (the default) or native")
	f.StringVar(&m.backchannelLogoutURI, "backchannel-logout-uri", "", "https URL that is told of people who signed out")
	f.StringVar(&m.scope, "scope", "", "scope values, separated by spaces")
}

// document returns the metadata of a new client.
func (m *clientFlags) document(f *pflag.FlagSet) ([]byte, error) {
	members, err := m.members(f)
	if err != nil {
		return nil, err
	}
	if _, given := members["grant_types"]; !given {
		if members["grant_types"], err = json.Marshal(m.grantTypes); err != nil {
			return nil, err
		}
	}
	return json.Marshal(members)
}

// members returns the members of the file and of the flags that are given. An
// empty flag is null, which removes one.
func (m *clientFlags) members(f *pflag.FlagSet) (map[string]json.RawMessage, error) {
	members := make(map[string]json.RawMessage)
	if m.file != "" {
		content, err := os.ReadFile(m.file)
		if err != nil {
			return nil, fmt.Errorf("--metadata: %w", err)
		}
		if err := json.Unmarshal(content, &members); err != nil {
			return nil, fmt.Errorf("--metadata: %s holds no JSON object", m.file)
		}
	}
	for _, flag := range []struct {
		name, member string
		value        any
		empty        bool
	}{
		{"name", "client_name", m.name, m.name == ""},
		{"redirect-uri", "redirect_uris", m.redirectURIs, len(m.redirectURIs) == 0},
		{"grant", "grant_types", m.grantTypes, len(m.grantTypes) == 0},
		{"auth-method", "token_endpoint_auth_method", m.authMethod, m.authMethod == ""},
		{"jwks-uri", "jwks_uri", m.jwksURI, m.jwksURI == ""},
		{"application-type", "application_type", m.applicationType, m.applicationType == ""},
		{"backchannel-logout-uri", "backchannel_logout_uri", m.backchannelLogoutURI, m.backchannelLogoutURI == ""},
		{"scope", "scope", m.scope, m.scope == ""},
	} {
		if !f.Changed(flag.name) {
			continue
		}
		value, err := json.Marshal(flag.value)
		if err != nil {
			return nil, err
		}
		if flag.empty {
			value = json.RawMessage("null")
		}
		members[flag.member] = value
	}
	return members, m.readKeys(f, members)
}

// readKeys adds the key set of a file.
func (m *clientFlags) readKeys(f *pflag.FlagSet, members map[string]json.RawMessage) error {
	if !f.Changed("jwks") {
		return nil
	}
	if m.jwksFile == "" {
		members["jwks"] = json.RawMessage("null")
		return nil
	}
	content, err := os.ReadFile(m.jwksFile)
	if err != nil {
		return fmt.Errorf("--jwks: %w", err)
	}
	if !json.Valid(content) {
		return fmt.Errorf("--jwks: %s holds no JSON", m.jwksFile)
	}
	members["jwks"] = content
	return nil
}
