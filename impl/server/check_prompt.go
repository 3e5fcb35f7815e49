package server

import (
	"slices"
	"strings"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
)

// The values of prompt (OpenID Connect Core §3.1.2.1, Initiating User
// Registration §4.1).
const (
	PromptNone          = "none"
	PromptLogin         = "login"
	PromptConsent       = "consent"
	PromptSelectAccount = "select_account"
	PromptCreate        = "create"
)

// checkPrompt returns the values of prompt. One that the Interaction does not
// offer is refused (Initiating User Registration §4.1), and so is none beside
// another (OpenID Connect Core §3.1.2.1).
func (s *Server) checkPrompt(q gen.AuthorizationRequest) ([]string, error) {
	values := slices.DeleteFunc(strings.Split(q.Prompt, " "), func(v string) bool { return v == "" })
	for _, value := range values {
		switch {
		case slices.Contains(s.offers.Prompts, value):
		case value == PromptCreate:
			return nil, oauth.InvalidRequest("prompt_unsupported", "prompt value create is not supported: nobody can sign up here")
		default:
			return nil, oauth.InvalidRequest("prompt_unsupported", "prompt has a value other than "+strings.Join(s.offers.Prompts, ", "))
		}
	}
	if len(values) > 1 && slices.Contains(values, PromptNone) {
		return nil, oauth.InvalidRequest("prompt_none_and_more", "prompt none goes with no other value")
	}
	return values, nil
}
