package store

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Check returns ErrInvalid for a client that no store may hold: one without an
// ID, or with text that SQL refuses.
func (c Client) Check() error {
	if err := named("client", c.ID != ""); err != nil {
		return err
	}
	for _, s := range c.Secrets {
		if err := Text("client", s.Hash); err != nil {
			return err
		}
	}
	return Text("client", c.ID, string(c.Metadata), c.Source)
}

// Check returns ErrInvalid for a grant that no store may hold. A grant without
// an ID could never be revoked: its tokens would belong to none.
func (g Grant) Check() error {
	if err := named("grant", g.ID != ""); err != nil {
		return err
	}
	if err := Text("grant", g.ID, g.Issuer, g.Subject, g.ClientID, g.RedirectURI, g.SessionID, string(g.Parameters), string(g.Metadata)); err != nil {
		return err
	}
	return Text("grant", append(g.Scopes[:len(g.Scopes):len(g.Scopes)], g.Resources...)...)
}

// Check returns ErrInvalid for a token that no store may hold.
func (t Token) Check() error {
	if err := named("token", !t.Digest.IsZero()); err != nil {
		return err
	}
	if err := Text("token", string(t.Kind), t.GrantID, t.ClientID, string(t.Parameters)); err != nil {
		return err
	}
	return Text("token", append(t.Scopes[:len(t.Scopes):len(t.Scopes)], t.Resources...)...)
}

// Check returns ErrInvalid for a consumption with a zero At, which would leave
// the token unspent, or with a grant or a successor that no store may hold.
func (c Consumption) Check() error {
	if err := Marks(c.At); err != nil {
		return err
	}
	return CheckIssue(c.Grant, c.Successors)
}

// CheckIssue returns ErrInvalid for a grant, if it is not nil, and tokens that no
// store may hold.
func CheckIssue(g *Grant, tokens []Token) error {
	if g != nil {
		if err := g.Check(); err != nil {
			return err
		}
	}
	for _, t := range tokens {
		if err := t.Check(); err != nil {
			return err
		}
	}
	return nil
}

// Check returns ErrInvalid for a session that no store may hold.
func (s Session) Check() error {
	if err := named("session", !s.Digest.IsZero() && s.ID != ""); err != nil {
		return err
	}
	return Text("session", append([]string{s.ID, s.Subject, string(s.Parameters)}, s.Methods...)...)
}

// Check returns ErrInvalid for an account that no store may hold.
func (a Account) Check() error {
	if err := named("account", a.ID != "" && a.Name != ""); err != nil {
		return err
	}
	return Text("account", a.ID, a.Name, a.PasswordHash, string(a.Claims))
}

// Check returns ErrInvalid for a key that no store may hold.
func (k Key) Check() error {
	if err := named("key", k.ID != ""); err != nil {
		return err
	}
	return Text("key", k.ID, k.Use, k.Algorithm, string(k.Public))
}

// Check returns ErrInvalid for a delivery that no store may hold.
func (d Delivery) Check() error {
	if err := named("delivery", d.ID != ""); err != nil {
		return err
	}
	return Text("delivery", d.ID, d.ClientID, d.Target, string(d.Payload))
}

// Check returns ErrInvalid for an event that no store may hold.
func (e Event) Check() error {
	if err := named("event", e.ID != ""); err != nil {
		return err
	}
	return Text("event", e.ID, e.Reason, e.ClientID, e.Subject, e.GrantID, e.Address, string(e.Detail))
}

// Marks returns ErrInvalid when at is zero: a record that is marked with it
// would look unmarked.
func Marks(at time.Time) error {
	if at.IsZero() {
		return fmt.Errorf("%w: a zero time marks nothing", ErrInvalid)
	}
	return nil
}

// Text returns ErrInvalid when a value has a NUL or is not UTF-8. PostgreSQL
// refuses both (SQLSTATE 22021), so every store does. The error names what, a
// noun, and never the value.
func Text(what string, values ...string) error {
	for _, s := range values {
		if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
			return fmt.Errorf("%w: %s: text with a NUL or not in UTF-8", ErrInvalid, what)
		}
	}
	return nil
}

func named(what string, ok bool) error {
	if !ok {
		return fmt.Errorf("%w: %s without an identifier", ErrInvalid, what)
	}
	return nil
}
