package interact

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// sessions keeps people signed in at a browser. The cookie's value is 256 random
// bits and says nothing; the store has only its digest.
type sessions struct {
	store          store.Store
	issuer         string
	secure         bool
	idle, lifetime time.Duration
	now            func() time.Time
}

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

// presented returns the digest of the session cookie, or the zero Digest. Two
// cookies of the name are none: one of them was put there by somebody else.
func (s *sessions) presented(r *http.Request) store.Digest {
	value := s.cookie(r)
	if value == "" {
		return store.Digest{}
	}
	return s.digest(value)
}

// cookie returns the value of the session cookie, or "".
func (s *sessions) cookie(r *http.Request) string {
	cookies := r.CookiesNamed(s.cookieName())
	if len(cookies) != 1 || !seal.WellFormed(seal.PrefixSession, cookies[0].Value) {
		return ""
	}
	return cookies[0].Value
}

// current returns the live session of a browser; false when it has none.
func (s *sessions) current(ctx context.Context, r *http.Request) (store.Session, bool, error) {
	d := s.presented(r)
	if d.IsZero() {
		return store.Session{}, false, nil
	}
	session, err := s.store.Session(ctx, d)
	if errors.Is(err, store.ErrNotFound) {
		return store.Session{}, false, nil
	}
	if err != nil {
		return store.Session{}, false, err
	}
	return session, s.now().Before(session.ExpiresAt), nil
}

// start signs id in at the browser of r and returns the cookie. Whatever session
// the browser had ends in the same step: an identifier that was known before the
// login is worth nothing after it.
func (s *sessions) start(ctx context.Context, r *http.Request, id Identity) (setCookie string, err error) {
	now := s.now()
	return s.create(ctx, store.Session{ID: newSessionID(), Subject: id.Subject, AuthTime: now, Methods: id.Methods, CreatedAt: now}, s.presented(r))
}

// newSessionID returns 128 random bits: the sid that clients are told.
func newSessionID() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// renew gives a session that was used a new idle period and a new cookie; its ID
// stays. It returns "" while the old one is young, and when another request of
// the browser renews it at this moment. When the person signed in, and so when
// they have to again, stays.
func (s *sessions) renew(ctx context.Context, session store.Session) (setCookie string, err error) {
	now := s.now()
	if session.ExpiresAt.Sub(now) > s.idle-s.idle/8 || !session.AuthTime.Add(s.lifetime).After(session.ExpiresAt) {
		return "", nil
	}
	old := session.Digest
	session.CreatedAt = now
	setCookie, err = s.create(ctx, session, old)
	if errors.Is(err, store.ErrConflict) {
		return "", nil
	}
	return setCookie, err
}

func (s *sessions) create(ctx context.Context, session store.Session, replaces store.Digest) (setCookie string, err error) {
	value := seal.NewToken(seal.PrefixSession)
	session.Digest = s.digest(value)
	session.ExpiresAt = s.now().Add(s.idle)
	if end := session.AuthTime.Add(s.lifetime); end.Before(session.ExpiresAt) {
		session.ExpiresAt = end
	}
	if err := s.store.CreateSession(ctx, session, replaces); err != nil {
		return "", err
	}
	// The browser forgets it when it is closed; the server decides how long it is
	// good.
	return s.setCookie(value, 0), nil
}

// end ends a session and returns the cookie that removes its cookie.
func (s *sessions) end(ctx context.Context, session store.Session) (setCookie string, err error) {
	if err := s.store.EndSession(ctx, session.ID); err != nil {
		return "", err
	}
	return s.setCookie("", -1), nil
}

func (s *sessions) setCookie(value string, maxAge int) string {
	cookie := http.Cookie{
		Name: s.cookieName(), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
	return cookie.String()
}
