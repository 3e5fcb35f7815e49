package mint

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/seal"
)

func TestReplyOpensForTheSpentTokenOnly(t *testing.T) {
	proof.Of(t, "ATK-61")
	first, err := Mint(context.Background(), issuance())
	if err != nil {
		t.Fatal(err)
	}
	second, err := Mint(context.Background(), issuance())
	if err != nil {
		t.Fatal(err)
	}
	want := Reply{
		AccessToken: second.AccessToken, RefreshToken: second.RefreshToken, ExpiresAt: at,
		Scopes: []string{"read"}, Resources: []string{"https://a.example.com"}, Asked: Asked{Scope: "read"},
	}
	row := first.Records[1]
	if row.Reply, err = want.Seal(first.RefreshToken, row); err != nil {
		t.Fatal(err)
	}
	got, err := OpenReply(first.RefreshToken, row)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if bytes.Contains(row.Reply, []byte(second.AccessToken)) {
		t.Error("the row shows the successor")
	}
	if _, err := OpenReply(second.RefreshToken, row); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("opened by another token: %v", err)
	}
	moved := second.Records[1]
	moved.Reply = row.Reply
	if _, err := OpenReply(first.RefreshToken, moved); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("opened in another row: %v", err)
	}
}
