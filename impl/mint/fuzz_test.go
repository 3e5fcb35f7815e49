package mint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/seal"
)

// FuzzRow is ATK-61: who writes the rows and does not have the token opens
// nothing with them but what was sealed there, and every refusal is the one error.
func FuzzRow(f *testing.F) {
	proof.Of(f, "ATK-61")
	i := issueWithGrantProps()
	i.AccessProps = OwnProps([]byte(`{"own":true}`))
	got, err := Mint(context.Background(), i)
	if err != nil {
		f.Fatal(err)
	}
	kept := Reply{AccessToken: got.AccessToken, ExpiresAt: at, Resources: []string{"https://a.example.com"}}
	own, refresh := got.Records[0], got.Records[1]
	if refresh.Reply, err = kept.Seal(got.RefreshToken, refresh); err != nil {
		f.Fatal(err)
	}
	f.Add(refresh.Reply, refresh.WrappedKey, []byte(nil), i.Grant.Props)
	f.Add(refresh.Reply[1:], own.WrappedKey, own.Props, i.Grant.Props)
	f.Add([]byte(nil), []byte{}, []byte{}, []byte{})
	f.Add(own.Props, refresh.WrappedKey, i.Grant.Props, own.Props)
	f.Add(refresh.WrappedKey, refresh.Reply, refresh.Reply, refresh.Reply)
	plain, err := json.Marshal(kept)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, reply, wrapped, ownProps, grantProps []byte) {
		row, grant := refresh, i.Grant
		row.Reply, row.WrappedKey, row.Props, grant.Props = reply, wrapped, ownProps, grantProps
		switch r, err := OpenReply(got.RefreshToken, row); {
		case err == nil:
			if again, err := json.Marshal(r); err != nil || !bytes.Equal(again, plain) || !bytes.Equal(reply, refresh.Reply) {
				t.Errorf("%x opens as %s", reply, again)
			}
		case !errors.Is(err, seal.ErrOpen):
			t.Errorf("the reply: %v", err)
		}
		p, err := PresentedProps(got.RefreshToken, row)
		var props []byte
		if err == nil {
			props, err = p.Open(grant)
		}
		if err != nil && !errors.Is(err, seal.ErrOpen) {
			t.Errorf("the props: %v", err)
		}
		if props != nil && (!bytes.Equal(props, secret) || !bytes.Equal(wrapped, refresh.WrappedKey) || !bytes.Equal(grantProps, i.Grant.Props)) {
			t.Errorf("%x, %x and %x open as %q", wrapped, ownProps, grantProps, props)
		}
	})
}
