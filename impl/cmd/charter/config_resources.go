package main

import (
	"errors"
	"reflect"

	"github.com/charterauth/charter/impl/server"
)

var tokenFormats = map[string]server.TokenFormat{
	"opaque": server.Opaque, "ES256": server.JWTES256, "EdDSA": server.JWTEdDSA, "RS256": server.JWTRS256, "PS256": server.JWTPS256,
}

// resourceConfigs returns the resources: as the file describes them, or as the
// flags name them, or the issuer.
func (o serveOptions) resourceConfigs(issuer string) ([]server.Resource, error) {
	format, ok := tokenFormats[o.tokenFormat]
	if !ok {
		return nil, errors.New("--token-format must be opaque, ES256, EdDSA, RS256 or PS256")
	}
	described := make(map[string]resourceEntry)
	for _, e := range o.location.config.file.Resource {
		described[e.URI] = e
	}
	uris := o.resources
	if len(uris) == 0 {
		uris = []string{issuer}
	}
	var resources []server.Resource
	for _, uri := range uris {
		e := described[uri]
		r := server.Resource{URI: uri, Name: e.Name, Scopes: e.Scopes, TokenFormat: format}
		if e.TokenFormat != "" {
			if r.TokenFormat, ok = tokenFormats[e.TokenFormat]; !ok {
				return nil, errors.New("token-format of resource " + uri + " must be opaque, ES256, EdDSA, RS256 or PS256")
			}
		}
		resources = append(resources, r)
	}
	return resources, nil
}

// scopeDescriptions returns what the file says of scope values.
func (o serveOptions) scopeDescriptions() map[string]string {
	texts := make(map[string]string)
	for _, e := range o.location.config.file.Scope {
		if e.Description != "" {
			texts[e.Name] = e.Description
		}
	}
	return texts
}

// fileKeys returns the keys that a file sets.
func fileKeys(file configFile) map[string]bool {
	keys := make(map[string]bool)
	v := reflect.ValueOf(file)
	for i, key := range keysOf(v.Type()) {
		keys[key] = !v.Field(i).IsZero()
	}
	return keys
}
