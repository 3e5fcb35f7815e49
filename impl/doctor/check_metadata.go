package doctor

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func checkServerMetadata(ctx context.Context, s *session) verdict {
	var tried []string
	for _, u := range serverMetadataURLs(s.issuer) {
		a, err := s.get(ctx, u)
		tried = append(tried, printable(u)+": "+s.returned)
		if err == nil && a.status >= http.StatusInternalServerError && s.client.StopsAt5xx {
			return failed(fmt.Sprintf("status %d ends the client's search", a.status))
		}
		if err != nil || a.status != http.StatusOK {
			continue
		}
		m := a.members()
		if m == nil {
			return failed("the metadata are no JSON object")
		}
		s.metadata, s.metadataAt = m, u
		return passed
	}
	return failed("no authorization server metadata: " + strings.Join(tried, "; "))
}

// checkIssuer compares bytes (RFC 8414 §3.3). Where a person typed the issuer, a
// slash at the end is theirs.
func checkIssuer(_ context.Context, s *session) verdict {
	issuer := s.metadata.text("issuer")
	s.looked("issuer in "+s.metadataAt, issuer)
	if issuer == "" {
		return failed("the metadata have no issuer")
	}
	if issuer != s.issuer && (s.mcpServer || !sameIssuer(issuer, s.issuer)) {
		return failed(fmt.Sprintf("issuer is %s, and the metadata were asked of %s", issuer, s.issuer))
	}
	return passed
}

var endpoints = []string{"authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint", "introspection_endpoint", "jwks_uri"}

func checkMembers(_ context.Context, s *session) verdict {
	s.looked("members of "+s.metadataAt, fmt.Sprintf("%d of them", len(s.metadata)))
	for _, name := range endpoints {
		v, there := s.metadata[name]
		if _, text := v.(string); there && v != nil && !text {
			return failed(name + " is no text")
		}
		if slices.Contains(endpoints[:2], name) && s.metadata.text(name) == "" {
			return failed(name + " is missing")
		}
		if text := s.metadata.text(name); text != "" {
			if _, err := parse(text); err != nil {
				return failed(name + ": " + err.Error())
			}
		}
	}
	if nulls := s.metadata.nulls(); len(nulls) > 0 {
		v := failed("null: " + strings.Join(nulls, ", "))
		if !s.client.RefusesNull {
			v.status = Warn
		}
		return v
	}
	return passed
}

func checkHTTPS(_ context.Context, s *session) verdict {
	s.looked("endpoints in "+s.metadataAt, s.metadata.text("token_endpoint"))
	for _, name := range endpoints {
		endpoint := s.metadata.text(name)
		plain := strings.HasPrefix(endpoint, "http:") && !onLoopback(endpoint)
		if plain || onLoopback(endpoint) && !onLoopback(s.target) {
			return failed(name + " is " + endpoint)
		}
	}
	return passed
}

func checkResponseType(_ context.Context, s *session) verdict {
	types := s.metadata.texts("response_types_supported")
	s.looked("response_types_supported in "+s.metadataAt, strings.Join(types, " "))
	if !slices.Contains(types, "code") {
		return failed("code is not among them: nobody can sign in at this server")
	}
	return passed
}

// checkPKCE: the SDK and VS Code get along with a missing list, but not with one
// without S256.
func checkPKCE(_ context.Context, s *session) verdict {
	methods := s.metadata.texts("code_challenge_methods_supported")
	s.looked("code_challenge_methods_supported in "+s.metadataAt, strings.Join(methods, " "))
	_, there := s.metadata["code_challenge_methods_supported"]
	switch {
	case slices.Contains(methods, "S256"):
		return passed
	case there || s.client.RequiresPKCE:
		return failed("S256 is not announced")
	}
	return warned("S256 is not announced")
}

func checkIssAnnounced(_ context.Context, s *session) verdict {
	const name = "authorization_response_iss_parameter_supported"
	s.looked(name+" in "+s.metadataAt, fmt.Sprint(s.metadata.flag(name)))
	switch {
	case s.metadata.flag(name):
		return passed
	case s.client.RedirectURIWithoutIssuer != "":
		return warned("without iss the client wants the code at " + s.client.RedirectURIWithoutIssuer + ", another URI for each connection")
	}
	return warned("clients of MCP 2026-07-28 expect iss")
}
