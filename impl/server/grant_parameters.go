package server

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// grantParameters are what store.Grant.Parameters keeps of a sign-in, for the ID
// Tokens and the UserInfo responses under the grant.
type grantParameters struct {
	ACR           string        `json:"acr,omitempty"`
	AMR           []string      `json:"amr,omitempty"`
	Claims        claimsRequest `json:"claims,omitzero"`
	ClaimsLocales []string      `json:"claims_locales,omitempty"`
	// SessionExpiresAt is when the session ends at the latest, of a client that is
	// told of its end. Until then the grant is kept, whatever became of its tokens: it
	// is how the server remembers whom to tell (Back-Channel Logout §2.3).
	SessionExpiresAt time.Time `json:"session_expires_at,omitzero"`
}

// document returns what is stored; nil for nothing.
func (p grantParameters) document() ([]byte, error) {
	document, err := json.Marshal(p)
	if string(document) == "{}" {
		return nil, err
	}
	return document, err
}

// parametersOf reads them back.
func parametersOf(g store.Grant) (p grantParameters, err error) {
	if g.Parameters == nil {
		return p, nil
	}
	if err := json.Unmarshal(g.Parameters, &p); err != nil {
		return p, fmt.Errorf("parameters of grant %s: %w", g.ID, err)
	}
	return p, nil
}
