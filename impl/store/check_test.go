package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

func TestCheck(t *testing.T) {
	d := store.NewDigest(store.AccessToken, "value")
	at := time.Unix(1, 0)
	bad := []string{"good", "a\x00b"}
	notUTF8 := "a\xffb"
	for _, row := range []struct {
		name      string
		good, bad interface{ Check() error }
	}{
		{"client ID", store.Client{ID: "a"}, store.Client{}},
		{"client metadata", store.Client{ID: "a", Metadata: []byte("é")}, store.Client{ID: "a", Metadata: []byte(notUTF8)}},
		{"client secret", store.Client{ID: "a", Secrets: []store.ClientSecret{{Hash: "h"}}}, store.Client{ID: "a", Secrets: []store.ClientSecret{{Hash: notUTF8}}}},
		{"grant ID", store.Grant{ID: "a"}, store.Grant{}},
		{"grant scopes", store.Grant{ID: "a", Scopes: bad[:1]}, store.Grant{ID: "a", Scopes: bad}},
		{"grant resources", store.Grant{ID: "a", Resources: bad[:1]}, store.Grant{ID: "a", Resources: bad}},
		{"grant props are bytes", store.Grant{ID: "a", Props: []byte(notUTF8)}, store.Grant{ID: "a", Metadata: []byte(notUTF8)}},
		{"token digest", store.Token{Digest: d}, store.Token{}},
		{"token kind", store.Token{Digest: d, Kind: "a"}, store.Token{Digest: d, Kind: store.Kind(notUTF8)}},
		{"token scopes", store.Token{Digest: d, Scopes: bad[:1]}, store.Token{Digest: d, Scopes: bad}},
		{"consumption at", store.Consumption{At: at}, store.Consumption{}},
		{"consumption successor", store.Consumption{At: at, Successors: []store.Token{{Digest: d}}}, store.Consumption{At: at, Successors: []store.Token{{}}}},
		{"consumption grant", store.Consumption{At: at, Grant: &store.Grant{ID: "a"}}, store.Consumption{At: at, Grant: &store.Grant{}}},
		{"grant session", store.Grant{ID: "a", SessionID: "s"}, store.Grant{ID: "a", SessionID: notUTF8}},
		{"session digest", store.Session{Digest: d, ID: "a"}, store.Session{ID: "a"}},
		{"session ID", store.Session{Digest: d, ID: "a"}, store.Session{Digest: d}},
		{"session methods", store.Session{Digest: d, ID: "a", Methods: bad[:1]}, store.Session{Digest: d, ID: "a", Methods: bad}},
		{"account ID", store.Account{ID: "a", Name: "a"}, store.Account{Name: "a"}},
		{"account name", store.Account{ID: "a", Name: "a"}, store.Account{ID: "a"}},
		{"account name text", store.Account{ID: "a", Name: "a"}, store.Account{ID: "a", Name: notUTF8}},
		{"key ID", store.Key{ID: "a"}, store.Key{}},
		{"key sealed is bytes", store.Key{ID: "a", Sealed: []byte(notUTF8)}, store.Key{ID: "a", Public: []byte(notUTF8)}},
		{"delivery ID", store.Delivery{ID: "a"}, store.Delivery{}},
		{"delivery payload", store.Delivery{ID: "a"}, store.Delivery{ID: "a", Payload: []byte(notUTF8)}},
		{"event ID", store.Event{ID: "a"}, store.Event{}},
		{"event address", store.Event{ID: "a", Address: "::1"}, store.Event{ID: "a", Address: notUTF8}},
	} {
		if err := row.good.Check(); err != nil {
			t.Errorf("%s: the good record: %v", row.name, err)
		}
		if err := row.bad.Check(); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: the bad record: got %v, want %q", row.name, err, store.ErrInvalid)
		}
	}
}

// Check looks at the scopes and resources together; the records must not come
// to share memory for it.
func TestCheckDoesNotWrite(t *testing.T) {
	scopes := make([]string, 1, 2)
	scopes[0] = "a"
	g := store.Grant{ID: "a", Scopes: scopes, Resources: []string{"r"}}
	if err := g.Check(); err != nil {
		t.Fatal(err)
	}
	if spare := scopes[:2][1]; spare != "" {
		t.Errorf("Check wrote %q behind the scopes", spare)
	}
}
