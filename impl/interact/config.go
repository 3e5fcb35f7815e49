package interact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// Config is what the built-in pages need. Accounts and Store are required; the
// zero value of every other field is safe and means the default that its comment
// states.
type Config struct {
	// Accounts knows the people.
	Accounts Accounts
	// Upstream is another OpenID provider at which people sign in instead of with a
	// password here; Accounts are LinkedAccounts then, or know by themselves whom
	// Upstream.SignIn returns. nil: people sign in with a password.
	Upstream *Upstream
	// SignUp makes an account for who chose this name and password, and returns them
	// as Accounts.Authenticate does: LocalAccounts.SignUp, or a program's own. People
	// can then create accounts, also at a client's wish (Initiating User Registration
	// §4). The errors that the pages understand are ErrNameTaken, *UnusableError and
	// those of Authenticate. nil: nobody can, and prompt=create is not offered. It
	// does not go with Upstream, where the provider has the accounts.
	SignUp func(ctx context.Context, name, password string) (Identity, error)
	// Store keeps sessions and counters: normally the Server's.
	Store store.Store

	// Templates replace the built-in pages file by file: layout.html, login.html, sign_up.html,
	// accounts.html, consent.html, apps.html, logout.html, signed_out.html, error.html and style.css. The policy of the pages allows the
	// one style sheet and nothing else: no script, image, font or frame.
	//
	// A directory that is named by a language tag, as de or pt-BR, has every page in
	// that language, with the tag as lang in its layout.html. What is on a page but in
	// no template, such as what was wrong with a form, {{say .Problem}} takes from
	// its words.json, an object from the English text to that in the language.
	// People get the first language that the client asks for, or else their browser,
	// and there is; those of the other files when there is none.
	Templates fs.FS
	// Service is the name that people know this server by. Empty: the issuer's
	// host.
	Service string
	// ScopeDescriptions say in words what a scope value allows, to follow "It
	// asks to". A value without one is shown as it is.
	ScopeDescriptions map[string]string

	// AlwaysAsk shows the consent page every time. Without it, who allowed the same
	// client the same before, at an https redirect URI, and still does, goes
	// through.
	AlwaysAsk bool

	// ACRValues are the authentication context classes that Accounts tells, for
	// clients that ask for one (OpenID Connect Core §3.1.2.1). nil: PasswordACR
	// where Accounts are LocalAccounts, none otherwise.
	ACRValues []string

	// SessionIdle is how long a browser stays signed in after the person last
	// signed in or decided something. Default 12 h.
	SessionIdle time.Duration
	// SessionLifetime is how long it stays signed in at most. Default 7 days.
	SessionLifetime time.Duration

	// Peer returns the address that attempts to sign in are counted for. nil: the
	// Server's, which knows its TrustedProxies.
	Peer func(*http.Request) netip.Addr
	// Now is the clock. nil: time.Now.
	Now func() time.Time
	// Logger receives what operators need. nil: nothing is logged.
	Logger *slog.Logger
}

const (
	defaultSessionIdle     = 12 * time.Hour
	defaultSessionLifetime = 7 * 24 * time.Hour
)

// Pages returns the built-in pages, for server.Config.Interaction. The function
// it returns reports every problem of cfg at once, templates included.
func Pages(cfg Config) func(*server.Server) (server.Interaction, error) {
	return func(srv *server.Server) (server.Interaction, error) {
		cfg := cfg.withDefaults()
		if cfg.Peer == nil {
			cfg.Peer = srv.Peer
		}
		at, err := locate(srv.Issuer())
		if err != nil {
			return nil, err
		}
		if cfg.Service == "" {
			cfg.Service = at.host
		}
		painter, err := newPainter(builtIn(), cfg.Templates, cfg.Service)
		if err := errors.Join(cfg.check(), err); err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		p := &pages{cfg: cfg, server: srv, at: at, painter: painter}
		p.sessions = &sessions{
			store: cfg.Store, issuer: at.issuer, secure: at.secure,
			idle: cfg.SessionIdle, lifetime: cfg.SessionLifetime, now: p.now, revived: srv.Revived,
			over: func(ctx context.Context, session store.Session) error {
				_, err := srv.EndSession(ctx, server.SessionEnd{Subject: session.Subject, SessionID: session.ID})
				return err
			},
		}
		p.attempts = &attempts{store: cfg.Store, now: p.now}
		p.handler = gen.NewPagesHandler(operations{p}, gen.Options{BasePath: at.path, Error: p.fail})
		return p, nil
	}
}

func (c Config) withDefaults() Config {
	if _, local := c.Accounts.(*LocalAccounts); local && c.ACRValues == nil {
		c.ACRValues = []string{PasswordACR}
	}
	if c.SessionIdle == 0 {
		c.SessionIdle = defaultSessionIdle
	}
	if c.SessionLifetime == 0 {
		c.SessionLifetime = defaultSessionLifetime
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) check() error {
	var problems []error
	if c.Accounts == nil {
		problems = append(problems, errors.New("Accounts is required"))
	}
	if c.Store == nil {
		problems = append(problems, errors.New("Store is required"))
	}
	if err := c.Upstream.check(); err != nil {
		problems = append(problems, err)
	}
	if c.SignUp != nil && c.Upstream != nil {
		problems = append(problems, errors.New("SignUp and Upstream exclude each other"))
	}
	if c.SessionIdle < 0 || c.SessionLifetime < 0 {
		problems = append(problems, errors.New("SessionIdle and SessionLifetime may not be negative"))
	}
	return errors.Join(problems...)
}
