package server

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/store"
)

// A SessionEnd says what of a person's is over.
type SessionEnd struct {
	// Subject is the person. Required.
	Subject string
	// SessionID is the session that ends, as Decision.SessionID named it. Empty:
	// all that the person has.
	SessionID string
	// AccountGone: the person is shut out or removed, so nothing that they allowed
	// lasts. Only with an empty SessionID.
	AccountGone bool
}

// A SessionClient is a client that a person signed in to in a session: those that
// have to be told of its end (OpenID Connect Back-Channel Logout 1.0 §2.3).
type SessionClient struct {
	Issuer    string // that signed the person in
	ClientID  string
	SessionID string // sid; empty where the Interaction names no sessions
	// Metadata is what the client registered. It is zero for a metadata document,
	// which a person who signs out does not wait for. Do not change it.
	Metadata client.Metadata
}

// EndSession ends sessions of a person: every way out is a call of it. When it
// returns nil, the grants that end with them are revoked, the session is gone from
// the store, and a logout token for every client with a backchannel_logout_uri is
// on its way, whatever becomes of this process. It returns the clients that were
// signed in to, for logout by the browser. On an error call it again: whatever was
// done already does no harm twice.
func (s *Server) EndSession(ctx context.Context, end SessionEnd) ([]SessionClient, error) {
	clients, err := EndSession(ctx, s.store, s.now(), end)
	if err == nil {
		s.deliveries.lookNow()
	}
	return clients, err
}

// EndSession is Server.EndSession for a process without a Server, such as an
// operator's command: any Server over the same store sends the logout tokens.
//
// The order makes a crash harmless. The first write, one atomic step, puts down
// all that is left to do: a delivery for each client, and the closing, which does
// the rest again half a minute later. Before it nothing has happened: the session
// is there, and who wanted it ended was told of no success. After it any process
// finishes. The session itself goes last, so that who tries again still has one to
// end.
func EndSession(ctx context.Context, st store.Store, at time.Time, end SessionEnd) ([]SessionClient, error) {
	if end.Subject == "" || end.AccountGone && end.SessionID != "" {
		return nil, errors.New("EndSession: no subject, or a gone account of which one session ends")
	}
	at = at.UTC().Truncate(time.Microsecond)
	grants, err := end.grants(ctx, st)
	if err != nil {
		return nil, err
	}
	clients, err := signedInTo(ctx, st, at, grants)
	if err != nil {
		return nil, err
	}
	deliveries, err := logoutsOf(end, at, grants, clients)
	if err != nil {
		return nil, err
	}
	if err := st.Enqueue(ctx, deliveries...); err != nil {
		return nil, err
	}
	if err := end.revoke(ctx, st, at, grants); err != nil {
		return nil, err
	}
	return clients, end.remove(ctx, st)
}

// grants returns all grants of the sessions, those that are over too: a client may
// keep a person signed in for longer than any token of it is good, and when its
// grant was revoked. So where all sessions of a person end, those that ended before
// are told of again while their grants are kept: rather twice than never, and to be
// signed out already is success (§2.7).
func (e SessionEnd) grants(ctx context.Context, st store.Store) ([]store.Grant, error) {
	const page = 1000
	var all []store.Grant
	for after := ""; ; after = all[len(all)-1].ID {
		grants, err := st.Grants(ctx, store.GrantFilter{Subject: e.Subject, SessionID: e.SessionID}, time.Time{}, after, page)
		all = append(all, grants...)
		if err != nil || len(grants) < page {
			return all, err
		}
	}
}

// ends reports whether a grant ends with its session. Back-Channel Logout §2.7:
// what a client got by signing somebody in does, unless it asked for offline_access,
// which is the person's consent to being acted for while absent (OpenID Connect
// Core §11). A grant without openid is no sign-in: OAuth knows no session, and who
// allowed an app something took it for good until they take it back; signing out
// of a browser must not cut off what runs in their name elsewhere.
func (e SessionEnd) ends(g store.Grant) bool {
	return e.AccountGone || signsIn(g) && !slices.Contains(g.Scopes, offlineAccess)
}

// signsIn reports whether a client was told who the person is.
func signsIn(g store.Grant) bool { return slices.Contains(g.Scopes, openID) }

// revoke ends what ends with the sessions. Doing it again changes nothing more.
func (e SessionEnd) revoke(ctx context.Context, st store.Store, at time.Time, grants []store.Grant) error {
	for _, g := range grants {
		if !e.ends(g) || !g.RevokedAt.IsZero() || expired(g.ExpiresAt, at) {
			continue
		}
		if _, err := st.RevokeGrants(ctx, store.GrantFilter{ID: g.ID}, at); err != nil {
			return err
		}
	}
	return nil
}

// remove takes the session out of the store. Where all of a person's end, their
// account voids them (interact.Identity.ValidSince) or is gone.
func (e SessionEnd) remove(ctx context.Context, st store.Store) error {
	if e.SessionID == "" {
		return nil
	}
	return st.EndSession(ctx, e.SessionID)
}

// signedInTo returns the clients that grants signed somebody in to, once for each
// session. One that may not be used any more is left out: nobody vouches for where
// it wanted to be told.
func signedInTo(ctx context.Context, st store.Store, at time.Time, grants []store.Grant) ([]SessionClient, error) {
	metadata := map[string]*client.Metadata{} // nil: not usable
	var clients []SessionClient
	for _, g := range grants {
		if !signsIn(g) || slices.ContainsFunc(clients, func(c SessionClient) bool {
			return c.Issuer == g.Issuer && c.ClientID == g.ClientID && c.SessionID == g.SessionID
		}) {
			continue
		}
		known, ok := metadata[g.ClientID]
		if !ok {
			var err error
			if known, err = usableMetadata(ctx, st, at, g.ClientID); err != nil {
				return nil, err
			}
			metadata[g.ClientID] = known
		}
		if known != nil {
			clients = append(clients, SessionClient{g.Issuer, g.ClientID, g.SessionID, *known})
		}
	}
	return clients, nil
}

// usableMetadata returns what a client registered; nil for one that may not be
// used, and nothing of a metadata document.
func usableMetadata(ctx context.Context, st store.Store, at time.Time, id string) (*client.Metadata, error) {
	if isMetadataDocument(id) {
		return &client.Metadata{}, nil
	}
	stored, err := st.Client(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!stored.DisabledAt.IsZero() || expired(stored.ExpiresAt, at)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	metadata, err := client.Restore(stored.Metadata)
	return &metadata, err
}

// isMetadataDocument reports whether a client is a metadata document: identifiers
// that this server makes are no URLs.
func isMetadataDocument(id string) bool { return strings.Contains(id, ":") }
