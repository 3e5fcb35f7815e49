package mint

import (
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// Props are the application's data as a token will carry it: the grant's, of
// which the token gets only the wrapped key, or the token's own. The zero Props
// is none.
type Props struct {
	key  seal.PropsKey // of the grant's props
	kept bool          // key is set
	own  []byte        // plaintext of the token's own props; nil: the grant's
}

// OwnProps are plaintext that the token carries itself, because it differs from
// the grant's. nil is none.
func OwnProps(plaintext []byte) Props { return Props{own: plaintext} }

// SealGrantProps seals plaintext for the grant's row under a fresh key, and
// returns the Props by which its tokens open it. nil seals to nil.
func SealGrantProps(grantID string, plaintext []byte) (sealed []byte, p Props) {
	if plaintext == nil {
		return nil, Props{}
	}
	sealed, key := seal.SealProps(plaintext, grantIdentity(grantID))
	return sealed, Props{key: key, kept: true}
}

// WrapKey returns what the row t of token keeps so that the token opens the
// grant's props; nil for no props. t needs its Kind, GrantID and Digest.
func (p Props) WrapKey(token string, t store.Token) ([]byte, error) {
	if !p.kept {
		return nil, nil
	}
	return seal.WrapKey(p.key, token, tokenIdentity(t.Kind, t.GrantID, t.Digest))
}

// PresentedProps reads from a presented token and its rows how to open the props
// that it carries. The error is seal.ErrOpen: rows were changed or mixed up.
func PresentedProps(token string, t store.Token) (Props, error) {
	if t.WrappedKey == nil {
		return Props{}, nil
	}
	key, err := seal.UnwrapKey(t.WrappedKey, token, tokenIdentity(t.Kind, t.GrantID, t.Digest))
	if err != nil {
		return Props{}, err
	}
	if t.Props == nil {
		return Props{key: key, kept: true}, nil
	}
	own, err := seal.OpenProps(t.Props, key, tokenIdentity(t.Kind, t.GrantID, t.Digest))
	return Props{own: own}, err
}

// Open returns the plaintext; nil for none. The error is seal.ErrOpen.
func (p Props) Open(g store.Grant) ([]byte, error) {
	switch {
	case p.own != nil:
		return p.own, nil
	case !p.kept || g.Props == nil:
		return nil, nil
	default:
		return seal.OpenProps(g.Props, p.key, grantIdentity(g.ID))
	}
}

// bind returns the two props columns of a token's row. Own props get a fresh key
// for every row: no key seals two texts, and no row opens as another.
func (p Props) bind(token string, t store.Token) (sealed, wrapped []byte, err error) {
	if p.own == nil {
		wrapped, err = p.WrapKey(token, t)
		return nil, wrapped, err
	}
	identity := tokenIdentity(t.Kind, t.GrantID, t.Digest)
	sealed, key := seal.SealProps(p.own, identity)
	wrapped, err = seal.WrapKey(key, token, identity)
	return sealed, wrapped, err
}

// grantIdentity and tokenIdentity are the additional data that tie sealed values
// to their rows: a value copied to another row does not open.
func grantIdentity(grantID string) []byte { return seal.Identity("grant", grantID) }

func tokenIdentity(kind store.Kind, grantID string, d store.Digest) []byte {
	return seal.Identity("token", string(kind), grantID, d.String())
}
