package mint

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/seal"
)

var secret = []byte(`{"canary":"d41d8cd98f00b204"}`)

// issueWith returns an issuance whose grant holds the sealed secret.
func issueWithGrantProps() Issuance {
	i := issuance()
	var p Props
	i.Grant.Props, p = SealGrantProps(i.Grant.ID, secret)
	i.AccessProps, i.RefreshProps = p, p
	return i
}

func TestEachTokenOpensTheGrantsProps(t *testing.T) {
	i := issueWithGrantProps()
	got, err := Mint(context.Background(), i)
	if err != nil {
		t.Fatal(err)
	}
	for n, token := range []string{got.AccessToken, got.RefreshToken} {
		if got.Records[n].Props != nil {
			t.Error("the token carries a copy of the grant's props")
		}
		p, err := PresentedProps(token, got.Records[n])
		if err != nil {
			t.Fatal(err)
		}
		plain, err := p.Open(i.Grant)
		if err != nil || !bytes.Equal(plain, secret) {
			t.Errorf("%q, %v", plain, err)
		}
	}
}

func TestOwnPropsStandForTheGrants(t *testing.T) {
	i := issueWithGrantProps()
	own := []byte(`{"own":true}`)
	i.AccessProps = OwnProps(own)
	got, err := Mint(context.Background(), i)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range [][]byte{own, secret} {
		token := []string{got.AccessToken, got.RefreshToken}[n]
		p, err := PresentedProps(token, got.Records[n])
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := p.Open(i.Grant); err != nil || !bytes.Equal(plain, want) {
			t.Errorf("token %d: %q, %v; want %q", n, plain, err, want)
		}
	}
}

func TestNoPropsIsNoKey(t *testing.T) {
	sealed, p := SealGrantProps("grant-1", nil)
	i := issuance()
	i.AccessProps = OwnProps(nil)
	got, err := Mint(context.Background(), i)
	if err != nil || sealed != nil || p.kept || got.Records[0].WrappedKey != nil || got.Records[1].WrappedKey != nil {
		t.Errorf("%+v, %v", got.Records, err)
	}
	opened, err := PresentedProps(got.AccessToken, got.Records[0])
	if plain, err2 := opened.Open(i.Grant); plain != nil || err != nil || err2 != nil {
		t.Errorf("%q, %v, %v", plain, err, err2)
	}
}

// A sealed value copied to another row opens nothing; the rows as
// they were do.
func TestMixedUpRowsOpenNothing(t *testing.T) {
	proof.Of(t, "MAD-17")
	first, second := issueWithGrantProps(), issueWithGrantProps()
	second.Grant.ID = "grant-2"
	second.Grant.Props, second.AccessProps = SealGrantProps("grant-2", secret)
	second.RefreshProps = OwnProps(secret)
	a, errA := Mint(context.Background(), first)
	b, errB := Mint(context.Background(), second)
	if errors.Join(errA, errB) != nil {
		t.Fatal(errA, errB)
	}
	open := func(token string, wrapped, own []byte, row int, sealed []byte) error {
		r, g := b.Records[row], second.Grant
		r.WrappedKey, r.Props, g.Props = wrapped, own, sealed
		p, err := PresentedProps(token, r)
		if err != nil {
			return err
		}
		_, err = p.Open(g)
		return err
	}
	access, refresh := b.Records[0], b.Records[1]
	for name, err := range map[string]error{
		"control, access":       open(b.AccessToken, access.WrappedKey, nil, 0, second.Grant.Props),
		"control, refresh":      open(b.RefreshToken, refresh.WrappedKey, refresh.Props, 1, second.Grant.Props),
		"another token's key":   open(b.AccessToken, a.Records[0].WrappedKey, nil, 0, second.Grant.Props),
		"another token":         open(a.AccessToken, access.WrappedKey, nil, 0, second.Grant.Props),
		"the row beside":        open(b.AccessToken, refresh.WrappedKey, refresh.Props, 0, second.Grant.Props),
		"another grant's props": open(b.AccessToken, access.WrappedKey, nil, 0, first.Grant.Props),
		"own props for grant's": open(b.AccessToken, access.WrappedKey, refresh.Props, 0, second.Grant.Props),
	} {
		if control := name[:3] == "con"; control != (err == nil) || !control && !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Neither row of a token shows the props.
func TestRowsShowNothing(t *testing.T) {
	proof.Of(t, "RFC6749-10.3-1", "RFC6749-10.4-1", "MCP-SEC-Token-Theft-1")
	proof.Of(t, "REL-40")
	proof.Of(t, "REL-I7")
	i := issueWithGrantProps()
	i.AccessProps = OwnProps(secret)
	got, err := Mint(context.Background(), i)
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range [][]byte{i.Grant.Props, got.Records[0].Props, got.Records[0].WrappedKey, got.Records[1].WrappedKey} {
		if len(column) == 0 || bytes.Contains(column, []byte("canary")) {
			t.Errorf("column %q", column)
		}
	}
}
