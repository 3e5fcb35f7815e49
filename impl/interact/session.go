package interact

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// sessions keeps people signed in at a browser, several accounts at once if they
// like. The cookie has a value of 256 random bits for each, which say nothing, the
// account that is used first; the store has only their digests.
type sessions struct {
	store          store.Store
	issuer         string
	secure         bool
	idle, lifetime time.Duration
	now            func() time.Time
	// over ends a session and what was signed in to with it.
	over func(context.Context, store.Session) error
	// revived reports whether what is so old may have ended since (server.Revived).
	revived func(time.Time) bool
}

// maxSessions bounds the accounts at one browser: the one used longest ago gives
// way.
const maxSessions = 5

// cookieName has the __Host- prefix where it can: it keeps other hosts of the
// domain from setting the cookie, and needs https.
func (s *sessions) cookieName() string {
	if s.secure {
		return "__Host-charter-session"
	}
	return "charter-session"
}

// digest binds a session to the issuer: two of them on one host share cookies,
// and may share a store.
func (s *sessions) digest(value string) store.Digest {
	return store.NewDigest(store.BrowserSession, value+" "+s.issuer)
}

// cookie returns the value of the session cookie, or "". Two cookies of the name
// are none: one of them was put there by somebody else.
func (s *sessions) cookie(r *http.Request) string {
	cookies := r.CookiesNamed(s.cookieName())
	if len(cookies) != 1 || len(valuesOf(cookies[0].Value)) == 0 {
		return ""
	}
	return cookies[0].Value
}

// valuesOf returns the sessions in a cookie's value; nil for what is no such value.
func valuesOf(cookie string) []string {
	values := strings.Split(cookie, ".")
	if len(values) > maxSessions || slices.ContainsFunc(values, func(v string) bool { return !seal.WellFormed(seal.PrefixSession, v) }) {
		return nil
	}
	return values
}

// presented returns the digests of the sessions in the cookie.
func (s *sessions) presented(r *http.Request) []store.Digest {
	var digests []store.Digest
	for _, value := range valuesOf(s.cookie(r)) {
		digests = append(digests, s.digest(value))
	}
	return digests
}

// live returns a session; false when there is none or it is over.
func (s *sessions) live(ctx context.Context, d store.Digest) (store.Session, bool, error) {
	session, err := s.store.Session(ctx, d)
	if errors.Is(err, store.ErrNotFound) {
		return store.Session{}, false, nil
	}
	if err != nil {
		return store.Session{}, false, err
	}
	return session, s.now().Before(session.ExpiresAt) && !s.revived(session.CreatedAt), nil
}

// all returns the live sessions of a browser, in the order of the cookie.
func (s *sessions) all(ctx context.Context, r *http.Request) ([]store.Session, error) {
	var all []store.Session
	for _, d := range s.presented(r) {
		session, ok, err := s.live(ctx, d)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, session)
		}
	}
	return all, nil
}

// start signs id in at the browser of r and returns the cookie. What the browser
// had for the same account goes on under another cookie, and every other account
// gets a new one too: what was known before the login is worth nothing after it.
func (s *sessions) start(ctx context.Context, r *http.Request, id Identity) (setCookie string, err error) {
	setCookie, _, err = s.begin(ctx, r, id)
	return setCookie, err
}

// begin is start for who also needs the session.
func (s *sessions) begin(ctx context.Context, r *http.Request, id Identity) (setCookie string, session store.Session, err error) {
	now := s.now()
	parameters, err := parametersOf(id)
	if err != nil {
		return "", store.Session{}, err
	}
	session = store.Session{ID: newSessionID(), Subject: id.Subject, AuthTime: now, Methods: id.Methods, Parameters: parameters, CreatedAt: now}
	var replaces store.Digest
	var others []string
	for _, d := range s.presented(r) {
		known, ok, err := s.live(ctx, d)
		switch {
		case err != nil:
			return "", store.Session{}, err
		case !ok:
			continue
		case known.Subject == id.Subject && replaces.IsZero():
			// The clients that it signed in to know it by its ID: signing out later
			// is signing out of them too.
			replaces, session.ID = d, known.ID
			continue
		}
		if len(others) == maxSessions-1 {
			if err := s.over(ctx, known); err != nil {
				return "", store.Session{}, err
			}
			continue
		}
		value, err := s.rotate(ctx, known)
		if err != nil {
			return "", store.Session{}, err
		}
		if value != "" {
			others = append(others, value)
		}
	}
	value, err := s.create(ctx, session, replaces)
	if err != nil {
		return "", store.Session{}, err
	}
	return s.setCookie(append([]string{value}, others...)...), session, nil
}

// newSessionID returns 128 random bits: the sid that clients are told.
func newSessionID() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// rotate gives a session a new value; its ID and its end stay. It returns "" when
// another request of the browser does so at this moment.
func (s *sessions) rotate(ctx context.Context, session store.Session) (value string, err error) {
	value, old := seal.NewToken(seal.PrefixSession), session.Digest
	session.Digest = s.digest(value)
	err = s.store.CreateSession(ctx, session, old)
	if errors.Is(err, store.ErrConflict) {
		return "", nil
	}
	return value, err
}

// renew gives a session that was used a new idle period and a new value; its ID
// stays. It returns "" while the old one is young, and when another request of
// the browser renews it at this moment. When the person signed in, and so when
// they have to again, stays.
func (s *sessions) renew(ctx context.Context, r *http.Request, session store.Session) (setCookie string, err error) {
	now := s.now()
	if session.ExpiresAt.Sub(now) > s.idle-s.idle/8 || !session.AuthTime.Add(s.lifetime).After(session.ExpiresAt) {
		return "", nil
	}
	old := session.Digest
	session.CreatedAt = now
	renewed, err := s.create(ctx, session, old)
	if errors.Is(err, store.ErrConflict) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	values := valuesOf(s.cookie(r))
	for i, value := range values {
		if s.digest(value) == old {
			values[i] = renewed
		}
	}
	return s.setCookie(values...), nil
}

func (s *sessions) create(ctx context.Context, session store.Session, replaces store.Digest) (value string, err error) {
	value = seal.NewToken(seal.PrefixSession)
	session.Digest = s.digest(value)
	session.ExpiresAt = s.now().Add(s.idle)
	if end := session.AuthTime.Add(s.lifetime); end.Before(session.ExpiresAt) {
		session.ExpiresAt = end
	}
	return value, s.store.CreateSession(ctx, session, replaces)
}

// choose returns the cookie that puts a session of the browser first; "" where it
// is there already.
func (s *sessions) choose(r *http.Request, session store.Session) (setCookie string) {
	values := valuesOf(s.cookie(r))
	i := slices.IndexFunc(values, func(value string) bool { return s.digest(value) == session.Digest })
	if i <= 0 {
		return ""
	}
	chosen := values[i]
	return s.setCookie(append([]string{chosen}, slices.Delete(values, i, i+1)...)...)
}

// without returns the cookie that leaves the browser what it has but for sessions
// that are over; with nothing left, the one that removes it.
func (s *sessions) without(r *http.Request, over []store.Session) (setCookie string) {
	return s.setCookie(slices.DeleteFunc(valuesOf(s.cookie(r)), func(value string) bool {
		d := s.digest(value)
		return slices.ContainsFunc(over, func(session store.Session) bool { return session.Digest == d })
	})...)
}

// setCookie returns the cookie with these values, or the one that removes it. The
// browser forgets it when it is closed; the server decides how long it is good.
func (s *sessions) setCookie(values ...string) string {
	cookie := http.Cookie{
		Name: s.cookieName(), Value: strings.Join(values, "."), Path: "/",
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
	if len(values) == 0 {
		cookie.MaxAge = -1
	}
	return cookie.String()
}
