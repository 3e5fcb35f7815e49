package doctor

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/pkce"
)

// A session is one client at work: what it was given, and what it has learned.
type session struct {
	client    Client
	http      *http.Client
	target    string
	mcpServer bool

	// What the checks found, each set by one of them.
	hint         string   // resource_metadata of the challenge
	challenged   []string // scopes of the challenge
	resource     members  // protected resource metadata
	resourceAt   string   // where it was
	issuer       string   // the authorization server
	metadata     members  // its metadata
	metadataAt   string
	byDocument   bool    // the client identifies itself by its document
	document     members // the document, nil where it could not be had
	registration *answer // to the registration, whatever it says
	registered   members // the throw-away client, nil without one
	clientID     string

	requested, returned string // of the check under way
}

// A verdict is what a check says. Passing needs no words.
type verdict struct {
	status  Status
	problem string
	cure    string // empty: the check's
}

var passed = verdict{status: Pass}

func failed(problem string) verdict { return verdict{status: Fail, problem: problem} }
func warned(problem string) verdict { return verdict{status: Warn, problem: problem} }

// replay runs the checks that apply, in order: what one of them does not find
// out, later ones do not ask for.
func (s *session) replay(ctx context.Context) []Result {
	var results []Result
	for _, c := range checks {
		if ctx.Err() != nil {
			break
		}
		if !c.when(s) {
			continue
		}
		s.requested, s.returned = "", ""
		v := c.run(ctx, s)
		r := Result{Client: s.client.Name, Check: c.id, Status: v.status, Requested: s.requested, Returned: s.returned}
		if v.status != Pass {
			r.Problem, r.Cure = printable(v.problem), c.cure
			if v.cure != "" {
				r.Cure = v.cure
			}
		}
		results = append(results, r)
	}
	return results
}

// looked notes what a check looked at that sends nothing.
func (s *session) looked(at, found string) {
	s.requested, s.returned = printable(at), printable(found)
}

// redirectURI is the one of the authorization request.
func (s *session) redirectURI() string {
	if s.client.RedirectURIWithoutIssuer != "" && !s.metadata.flag("authorization_response_iss_parameter_supported") {
		return s.client.RedirectURIWithoutIssuer
	}
	return s.client.RedirectURI
}

// scope is what the client asks for: what the challenge says, else all that the
// resource tells (MCP authorization, Scope Selection Strategy).
func (s *session) scope() string {
	scopes := s.challenged
	if len(scopes) == 0 {
		scopes = s.resource.texts("scopes_supported")
	}
	known := s.metadata.texts("scopes_supported")
	if len(scopes) == 0 && s.client.ServerScopes {
		scopes = known
	}
	const offline = "offline_access"
	if s.client.OfflineAccess && slices.Contains(known, offline) && !slices.Contains(scopes, offline) {
		scopes = append(slices.Clone(scopes), offline)
	}
	return strings.Join(scopes, " ")
}

// audience is the resource parameter, as the client writes it (RFC 8707 §2). An
// issuer's resources are known only where its metadata tell them.
func (s *session) audience() string {
	resource := s.resource.text("resource")
	if !s.mcpServer {
		if told := s.metadata.texts("protected_resources"); len(told) > 0 {
			resource = told[0]
		}
	}
	if u, err := url.Parse(resource); err == nil && resource != "" && s.client.SlashResource && u.Path == "" {
		u.Path = "/"
		return u.String()
	}
	return resource
}

const (
	verifier = "charter-doctor-is-no-secret-it-only-asks-for-the-login-page"
	state    = "charter-doctor"
)

// authorization is the client's authorization request, to redirectURI.
func (s *session) authorization(redirectURI string, challenge bool) (string, error) {
	u, err := parse(s.metadata.text("authorization_endpoint"))
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("response_type", "code")
	q.Set("client_id", s.clientID)
	q.Set("redirect_uri", redirectURI)
	q.Set("state", state)
	if challenge {
		q.Set("code_challenge", pkce.Challenge(verifier))
		q.Set("code_challenge_method", "S256")
	}
	if scope := s.scope(); scope != "" {
		q.Set("scope", scope)
		if slices.Contains(strings.Fields(scope), "offline_access") {
			q.Set("prompt", "consent")
		}
	}
	if resource := s.audience(); resource != "" {
		q.Set("resource", resource)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// remove deletes the throw-away client (RFC 7592 §2.3). It returns the identifier
// of one that stays. A server may have things deleted at its own origin only.
func (s *session) remove(ctx context.Context) string {
	if s.registered == nil {
		return ""
	}
	id := s.registered.text("client_id")
	at, token := s.registered.text("registration_client_uri"), s.registered.text("registration_access_token")
	if token == "" || !sameOrigin(at, s.metadata.text("registration_endpoint")) {
		return printable(id)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	a, err := s.exchange(ctx, s.http, call{method: http.MethodDelete, url: at, header: map[string]string{"Authorization": "Bearer " + token}})
	if err != nil || a.status != http.StatusNoContent && a.status != http.StatusOK {
		return printable(id)
	}
	return ""
}

func sameOrigin(a, b string) bool {
	u, err := parse(a)
	v, otherErr := parse(b)
	return err == nil && otherErr == nil && origin(u) == origin(v)
}

func document(v any) string {
	b, _ := json.Marshal(v) // of strings
	return string(b)
}
