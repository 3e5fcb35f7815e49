package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var (
	hintPattern  = regexp.MustCompile(`resource_metadata=(?:"([^"]+)"|([^\s,]+))`)
	scopePattern = regexp.MustCompile(`(?:^|[\s,])scope="([^"]*)"`)
)

func checkChallenge(ctx context.Context, s *session) verdict {
	a, err := s.send(ctx, initialize(s.client, s.target))
	if err != nil {
		return failed("the MCP server cannot be reached: " + err.Error())
	}
	bearer := ""
	for _, value := range a.header.Values("WWW-Authenticate") {
		if scheme, _, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "Bearer") {
			bearer = value
		}
	}
	if bearer != "" {
		s.returned += ", WWW-Authenticate: " + printable(bearer)
	}
	if m := hintPattern.FindStringSubmatch(bearer); m != nil {
		s.hint = m[1] + m[2]
	}
	if m := scopePattern.FindStringSubmatch(bearer); m != nil {
		s.challenged = strings.Fields(m[1])
	}
	switch {
	case a.status >= 200 && a.status < 300:
		return warned("the MCP server answers without a token: no login is asked for")
	case a.status != http.StatusUnauthorized:
		return failed(fmt.Sprintf("status %d instead of 401: clients do not begin a login", a.status))
	case bearer == "":
		return failed("401 without a WWW-Authenticate: Bearer challenge")
	}
	return passed
}

func checkChallengeHint(_ context.Context, s *session) verdict {
	s.looked("the challenge of "+s.target, "resource_metadata="+s.hint)
	if s.hint == "" {
		return warned("the challenge does not say where the metadata is: clients have to guess")
	}
	if _, err := parse(s.hint); err != nil {
		s.hint = ""
		return failed("resource_metadata is no absolute URL")
	}
	return passed
}

func checkResourceMetadata(ctx context.Context, s *session) verdict {
	urls := resourceMetadataURLs(s.target)
	if s.hint != "" {
		urls = []string{s.hint}
	}
	var tried []string
	for _, u := range urls {
		a, err := s.get(ctx, u)
		tried = append(tried, printable(u)+": "+s.returned)
		if err != nil || a.status != http.StatusOK {
			continue
		}
		m := a.members()
		if m == nil {
			return failed("the metadata is no JSON object")
		}
		if m.text("resource") == "" {
			return failed("the metadata has no resource")
		}
		s.resource, s.resourceAt = m, u
		return passed
	}
	return failed("no protected resource metadata: " + strings.Join(tried, "; "))
}

// checkResourceIdentifier compares as the client does: VS Code by normalised URL,
// the SDK by origin and path prefix.
func checkResourceIdentifier(_ context.Context, s *session) verdict {
	told := s.resource.text("resource")
	s.looked("resource in "+s.resourceAt, told)
	r, err := parse(told)
	if err != nil {
		return failed("resource is no URL")
	}
	t, err := parse(s.target)
	if err != nil {
		return failed(err.Error())
	}
	same := origin(r) == origin(t)
	if s.client.ExactResource {
		same = same && slash(r) == slash(t) && r.RawQuery == ""
	} else {
		same = same && strings.HasPrefix(pathOf(t)+"/", pathOf(r)+"/")
	}
	if !same {
		return failed(fmt.Sprintf("resource is %s, which the client does not take for %s", told, s.target))
	}
	return passed
}

// slash writes an empty path as browsers do.
func slash(u *url.URL) string {
	if u.EscapedPath() == "" {
		return "/"
	}
	return u.EscapedPath()
}

// checkAuthorizationServers takes the first, as the clients do.
func checkAuthorizationServers(_ context.Context, s *session) verdict {
	servers := s.resource.texts("authorization_servers")
	s.looked("authorization_servers in "+s.resourceAt, strings.Join(servers, " "))
	if len(servers) == 0 {
		return failed("no authorization server is named")
	}
	if _, err := parse(servers[0]); err != nil {
		return failed("the first authorization server is no URL")
	}
	s.issuer = servers[0]
	return passed
}

func checkResourceScopes(_ context.Context, s *session) verdict {
	scopes := s.resource.texts("scopes_supported")
	s.looked("scopes_supported in "+s.resourceAt, strings.Join(scopes, " "))
	if v, there := s.resource["scopes_supported"]; there {
		if _, list := v.([]any); !list {
			return failed("scopes_supported is no list: clients refuse the metadata")
		}
	}
	if slices.Contains(scopes, "offline_access") {
		return warned("offline_access is listed: it means nothing at a resource")
	}
	return passed
}
