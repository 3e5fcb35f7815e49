package mint

import (
	"encoding/json"
	"time"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// A Reply is the answer that a refresh gave, kept so that the same client's
// retry gets the same tokens. It is the whole decision: what differs from it is
// no retry.
type Reply struct {
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token,omitempty"`
	IDToken      string    `json:"id_token,omitempty"`
	ExpiresAt    time.Time `json:"expires_at"` // of the access token
	Scopes       []string  `json:"scopes,omitempty"`
	Resources    []string  `json:"resources"`
	// Asked is the scope parameter and the resources of the request, by which a
	// retry is known.
	Asked Asked `json:"asked"`
}

// Asked is what a refresh request asked for, before anything was narrowed.
type Asked struct {
	Scope     string   `json:"scope,omitempty"`
	Resources []string `json:"resources,omitempty"`
}

// Seal seals the reply for the row of the spent token, so that only who bears
// that token reads it.
func (r Reply) Seal(token string, t store.Token) ([]byte, error) {
	plaintext, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return seal.SealReply(token, tokenIdentity(t.Kind, t.GrantID, t.Digest), plaintext)
}

// OpenReply is the inverse of Reply.Seal. The error is seal.ErrOpen, or that the
// plaintext is not ours.
func OpenReply(token string, t store.Token) (Reply, error) {
	plaintext, err := seal.OpenReply(token, tokenIdentity(t.Kind, t.GrantID, t.Digest), t.Reply)
	if err != nil {
		return Reply{}, err
	}
	var r Reply
	err = json.Unmarshal(plaintext, &r)
	return r, err
}
