package server

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/store"
)

const (
	// logoutLifetime is how long a client that cannot be reached is tried. After a
	// day its own session is over, or somebody has to look after it.
	logoutLifetime = 24 * time.Hour
	// deliveryKept is how long a queue that nobody empties keeps what is in it. Much
	// longer: what is given up is told of, what is swept is not.
	deliveryKept = 30 * 24 * time.Hour
	// closingDelay is when a session that ended is looked at again: after what was
	// under way in it has been written.
	closingDelay = 30 * time.Second
	// seenAge is how old a grant is that the first look has seen in any case.
	seenAge = 2 * time.Minute
)

// A deliveryPayload is what store.Delivery.Payload holds: one of its members.
type deliveryPayload struct {
	Logout  *logoutNotice `json:"logout,omitempty"`
	Closing *closing      `json:"closing,omitempty"`
}

// A logoutNotice is what a logout token tells. The token itself is made when it is
// sent: so it is fresh, and signed by a key that is published then.
type logoutNotice struct {
	Issuer    string `json:"iss,omitempty"` // whose session it was: another one over the same store cannot tell
	Subject   string `json:"sub"`           // the account, which a pairwise client is not told
	SessionID string `json:"sid,omitempty"`
}

// A closing is the second look at sessions that ended. It finishes what a crash
// left, and finds what was granted by requests that had read the session before it
// was gone: silent sign-ins of other tabs.
type closing struct {
	Subject     string    `json:"sub"`
	SessionID   string    `json:"sid,omitempty"`
	AccountGone bool      `json:"account_gone,omitempty"`
	At          time.Time `json:"at"`
	// Seen are the young grants that the first look knew: their clients are told.
	Seen []string `json:"seen,omitempty"`
}

// logoutsOf returns what is left to do for the end of sessions.
func logoutsOf(end SessionEnd, at time.Time, grants []store.Grant, clients []SessionClient) ([]store.Delivery, error) {
	again := closing{end.Subject, end.SessionID, end.AccountGone, at, nil}
	for _, g := range grants {
		if signsIn(g) && g.CreatedAt.After(at.Add(-seenAge)) {
			again.Seen = append(again.Seen, g.ID)
		}
	}
	id := randomID()
	last, err := newDelivery(id, at, at.Add(closingDelay), deliveryPayload{Closing: &again})
	if err != nil {
		return nil, err
	}
	logouts, err := logouts(id, end.Subject, at, clients)
	return append(logouts, last), err
}

// logouts returns a delivery for each client that is told. Its identifier follows
// from those of the cause, the client and the session, so that it is put down once.
func logouts(cause, subject string, at time.Time, clients []SessionClient) ([]store.Delivery, error) {
	var all []store.Delivery
	for _, c := range clients {
		if !c.told() {
			continue
		}
		sum := sha256.Sum256([]byte(strings.Join([]string{cause, c.Issuer, c.ClientID, c.SessionID}, "\x00")))
		d, err := newDelivery(base64.RawURLEncoding.EncodeToString(sum[:]), at, at, deliveryPayload{Logout: &logoutNotice{c.Issuer, subject, c.SessionID}})
		if err != nil {
			return nil, err
		}
		d.ClientID, d.Target = c.ClientID, c.Metadata.BackchannelLogoutURI
		all = append(all, d)
	}
	return all, nil
}

// told reports whether the client wants logout tokens. Whether a metadata document
// does is seen when it is read for the delivery.
func (c SessionClient) told() bool {
	return isMetadataDocument(c.ClientID) || c.Metadata.BackchannelLogoutURI != ""
}

func newDelivery(id string, at, next time.Time, p deliveryPayload) (store.Delivery, error) {
	payload, err := json.Marshal(p)
	return store.Delivery{ID: id, Payload: payload, NextAt: next, CreatedAt: at, ExpiresAt: at.Add(deliveryKept)}, err
}

// carryOut does again what EndSession did. It is safe on several processes at once,
// and after a crash in the middle of it.
func (c closing) carryOut(ctx context.Context, st store.Store, now time.Time, id string) error {
	end := SessionEnd{c.Subject, c.SessionID, c.AccountGone}
	grants, err := end.grants(ctx, st)
	if err != nil {
		return err
	}
	// Who signed in again since is in another session, whatever it is called.
	grants = slices.DeleteFunc(grants, func(g store.Grant) bool { return signedInAt(g).After(c.At) })
	clients, err := signedInTo(ctx, st, now, c.late(grants))
	if err != nil {
		return err
	}
	deliveries, err := logouts(id+" closing", c.Subject, now, clients)
	if err != nil {
		return err
	}
	for _, d := range deliveries {
		if err := st.Enqueue(ctx, d); err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	if err := end.revoke(ctx, st, now, grants); err != nil {
		return err
	}
	return end.remove(ctx, st)
}

// late returns the grants that the first look cannot have seen.
func (c closing) late(grants []store.Grant) []store.Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g store.Grant) bool {
		return !g.CreatedAt.After(c.At.Add(-seenAge)) || slices.Contains(c.Seen, g.ID)
	})
}

func signedInAt(g store.Grant) time.Time {
	if g.AuthTime.IsZero() {
		return g.CreatedAt
	}
	return g.AuthTime
}
