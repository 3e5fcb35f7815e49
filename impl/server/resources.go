package server

import (
	"errors"
	"fmt"
	"slices"

	"github.com/charterauth/charter/impl/oauth"
)

// A resourceSet is the protected resources that tokens can be for. It is made
// once and only read.
type resourceSet struct {
	all      []resource
	fallback string // canonical URI of the resource for requests that name none
}

type resource struct {
	id     oauth.Resource // canonical, decided once
	config Resource       // URI is the canonical one
}

// newResourceSet puts every configured URI into its canonical form. Without any
// the issuer itself is the resource, so that every token has an audience.
func newResourceSet(configured []Resource, fallback, issuer string) (resourceSet, error) {
	if len(configured) == 0 {
		configured = []Resource{{URI: issuer}}
	}
	var set resourceSet
	var problems []error
	for _, c := range configured {
		id, err := oauth.ParseResource(c.URI)
		if err != nil {
			problems = append(problems, fmt.Errorf("resource %q: %w", c.URI, err))
			continue
		}
		if _, dup := set.find(id.String()); dup {
			problems = append(problems, fmt.Errorf("resource %q is configured twice", c.URI))
			continue
		}
		c.URI = id.String()
		set.all = append(set.all, resource{id, c})
	}
	if len(set.all) > 0 {
		set.fallback = set.all[0].config.URI
	}
	if fallback != "" {
		r, err := set.covering(fallback)
		if err != nil {
			problems = append(problems, fmt.Errorf("default resource %q is not among the resources", fallback))
		}
		set.fallback = r.config.URI
	}
	return set, errors.Join(problems...)
}

// resolve maps requested resource indicators (RFC 8707 §2) to the canonical URIs
// of configured resources, in the order requested and each once. None requested
// means the default. invalid_target when one is covered by no resource.
func (set resourceSet) resolve(requested []string) ([]string, error) {
	if len(requested) == 0 {
		return []string{set.fallback}, nil
	}
	resolved := make([]string, 0, len(requested))
	for _, uri := range requested {
		r, err := set.covering(uri)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(resolved, r.config.URI) {
			resolved = append(resolved, r.config.URI)
		}
	}
	return resolved, nil
}

// covering returns the most specific resource that is, or by path segments lies
// above, the requested URI.
func (set resourceSet) covering(requested string) (resource, error) {
	id, err := oauth.ParseResource(requested)
	if err != nil {
		return resource{}, oauth.InvalidTarget("resource_malformed", "resource is not an absolute URI without fragment")
	}
	best := -1
	for i, r := range set.all {
		if r.id.Covers(id) && (best < 0 || len(r.config.URI) > len(set.all[best].config.URI)) {
			best = i
		}
	}
	if best < 0 {
		return resource{}, oauth.InvalidTarget("resource_unknown", "resource is not one that this server issues tokens for")
	}
	return set.all[best], nil
}

// find returns the resource whose canonical URI is uri.
func (set resourceSet) find(uri string) (resource, bool) {
	for _, r := range set.all {
		if r.config.URI == uri {
			return r, true
		}
	}
	return resource{}, false
}

// uris lists the canonical URIs, in the order of the configuration.
func (set resourceSet) uris() []string {
	uris := make([]string, len(set.all))
	for i, r := range set.all {
		uris[i] = r.config.URI
	}
	return uris
}
