package protect

import (
	"strings"
	"time"
)

// read judges an introspection response (RFC 7662 §2.2). The error is an
// *oauth.Error for a token that is not good, another one for an answer that is
// none.
func (v *introspection) read(body []byte, now time.Time) (Identity, error) {
	m, err := parseMembers(body)
	if err != nil {
		return Identity{}, err
	}
	var active bool
	if !m.read("active", &active) || m.err != nil {
		return Identity{}, errAnswer
	}
	if !active {
		return Identity{}, invalid("token_inactive")
	}
	i := Identity{
		Subject: m.text("sub"), ClientID: m.text("client_id"), Issuer: m.text("iss"),
		Scopes: m.scope(), Audience: m.texts("aud"), Claims: m.all,
		AuthTime: m.time("auth_time"), IssuedAt: m.time("iat"), ExpiresAt: m.time("exp"),
	}
	tokenType, notBefore := m.text("token_type"), m.time("nbf")
	if m.err != nil {
		return Identity{}, m.err
	}
	_, bound := m.all["cnf"]
	switch {
	case i.Issuer != "" && i.Issuer != v.config.Issuer:
		return Identity{}, invalid("token_issuer")
	case bound: // RFC 8705 §3, RFC 9449 §7.2: not as a bearer token
		return Identity{}, invalid("token_bound")
	case tokenType == "" && !v.config.InsecureNoTokenType, tokenType != "" && !strings.EqualFold(tokenType, "Bearer"):
		return Identity{}, invalid("token_type")
	case !i.ExpiresAt.IsZero() && !now.Before(i.ExpiresAt):
		return Identity{}, invalid("token_expired")
	case notBefore.After(now):
		return Identity{}, invalid("token_not_yet")
	}
	i.Issuer = v.config.Issuer
	return i, nil
}
