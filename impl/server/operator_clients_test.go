package server

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

func (x *tokenTest) stored(id string) store.Client {
	x.Helper()
	c, err := x.store.Client(context.Background(), id)
	if err != nil {
		x.Fatal(err)
	}
	return c
}

// An operator changes what is named of a client, and cannot make it what its
// source may not be.
func TestOperatorUpdatesClient(t *testing.T) {
	x := newTokenTest(t)
	ctx := context.Background()
	yes, no := true, false
	members := func(all string) (m map[string]json.RawMessage) {
		if err := json.Unmarshal([]byte(all), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	x.client("M1", "client_secret_basic", sourceOperator)
	x.pass(time.Second) // so that a change shows in UpdatedAt
	for _, c := range []struct {
		name, id string
		update   ClientUpdate
	}{
		{"no redirect URI", "C1", ClientUpdate{Metadata: members(`{"redirect_uris":null}`)}},
		{"a member that is not good", "C1", ClientUpdate{Metadata: members(`{"redirect_uris":["javascript:x"]}`)}},
		{"no PKCE for a public client", "O1", ClientUpdate{InsecureNoPKCE: &yes}},
		{"no PKCE for who registered itself", "D1", ClientUpdate{InsecureNoPKCE: &yes}},
		{"a sealed secret without a key", "C1", ClientUpdate{Metadata: members(`{"token_endpoint_auth_method":"client_secret_jwt"}`)}},
	} {
		before := x.stored(c.id)
		if _, secret, err := UpdateClient(ctx, x.store, x.now(), c.id, c.update); err == nil || errors.Is(err, store.ErrNotFound) || secret != "" {
			t.Errorf("%s: %q, %v", c.name, secret, err)
		} else if _, ofRules := errors.AsType[*oauth.Error](err); ofRules != (len(c.update.Metadata) > 0 && c.name != "a sealed secret without a key") {
			t.Errorf("%s: %v", c.name, err)
		}
		if after := x.stored(c.id); !after.UpdatedAt.Equal(before.UpdatedAt) || string(after.Metadata) != string(before.Metadata) || after.InsecureNoPKCE {
			t.Errorf("%s: the client was changed", c.name)
		}
	}
	if n := len(x.reasons()); n != 0 {
		t.Errorf("%d events of what was refused", n)
	}

	// The control: what the source may be.
	updated, secret, err := UpdateClient(ctx, x.store, x.now(), "M1", ClientUpdate{
		Metadata: members(`{"grant_types":["authorization_code","client_credentials"],"client_name":null,"contacts":["a@example.com"]}`), InsecureNoPKCE: &yes,
	})
	if err != nil || secret != "" || !updated.InsecureNoPKCE {
		t.Fatalf("%q, %v", secret, err)
	}
	kept := members(string(x.stored("M1").Metadata))
	if kept["client_name"] != nil || string(kept["contacts"]) != `["a@example.com"]` || string(kept["redirect_uris"]) != `["`+testRedirect+`"]` {
		t.Errorf("stored %s", x.stored("M1").Metadata)
	}
	// A grant that the source may not have is left out, as at registration.
	granted := func(id string) bool {
		_, _, err := UpdateClient(ctx, x.store, x.now(), id, ClientUpdate{Metadata: members(`{"grant_types":["authorization_code","client_credentials"]}`)})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(x.stored(id).Metadata), "client_credentials")
	}
	if granted("D1") || !granted("M1") {
		t.Error("client_credentials is not for the operator's clients alone")
	}
	// An exempted client cannot become a public one.
	if _, _, err := UpdateClient(ctx, x.store, x.now(), "M1", ClientUpdate{Metadata: members(`{"token_endpoint_auth_method":"none","grant_types":["authorization_code"]}`)}); err == nil {
		t.Error("a public client without PKCE")
	}
	if _, _, err := UpdateClient(ctx, x.store, x.now(), "M1", ClientUpdate{InsecureNoPKCE: &no}); err != nil || x.stored("M1").InsecureNoPKCE {
		t.Errorf("PKCE again: %v", err)
	}

	// A method that needs another secret gets one, and the old is dead.
	_, secret, err = UpdateClient(ctx, x.store, x.now(), "O1", ClientUpdate{Metadata: members(`{"token_endpoint_auth_method":"client_secret_basic"}`)})
	if err != nil || secret == "" || len(x.stored("O1").Secrets) != 1 {
		t.Errorf("a public client became confidential: %q, %v", secret, err)
	}
	if _, secret, err = UpdateClient(ctx, x.store, x.now(), "O1", ClientUpdate{Metadata: members(`{"token_endpoint_auth_method":"client_secret_post"}`)}); err != nil || secret != "" || len(x.stored("O1").Secrets) != 1 {
		t.Errorf("the same secret sent otherwise: %q, %v", secret, err)
	}
	if _, secret, err = UpdateClient(ctx, x.store, x.now(), "O1", ClientUpdate{Metadata: members(`{"token_endpoint_auth_method":"none","grant_types":["authorization_code"]}`)}); err != nil || secret != "" || len(x.stored("O1").Secrets) != 0 {
		t.Errorf("public again: %q, %v, %v", secret, err, x.stored("O1").Secrets)
	}

	// Disabled: from the first time on, until it is undone.
	access := x.tokens(allowed{}).text("access_token")
	at := x.now()
	for range 2 {
		if _, _, err := UpdateClient(ctx, x.store, x.now(), "C1", ClientUpdate{Disabled: &yes}); err != nil || !x.stored("C1").DisabledAt.Equal(at) {
			t.Errorf("disabled at %v, %v", x.stored("C1").DisabledAt, err)
		}
		x.pass(time.Second)
	}
	if x.live(access) {
		t.Error("a token of a disabled client lives")
	}
	if _, _, err := UpdateClient(ctx, x.store, x.now(), "C1", ClientUpdate{Disabled: &no}); err != nil || !x.stored("C1").DisabledAt.IsZero() || !x.live(access) {
		t.Errorf("undone: %v", err)
	}
	if _, _, err := UpdateClient(ctx, x.store, x.now(), "gone", ClientUpdate{Disabled: &yes}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a client that is not there: %v", err)
	}
}

// Rotating a secret never lengthens the life of an old one, and a public client
// has none to rotate.
func TestOperatorRotatesSecret(t *testing.T) {
	x := newTokenTest(t)
	ctx := context.Background()
	if secret, err := RotateClientSecret(ctx, x.store, x.now(), "O1", time.Hour, nil); !errors.Is(err, ErrNoSecret) || secret != "" || len(x.stored("O1").Secrets) != 0 {
		t.Errorf("a public client: %q, %v", secret, err)
	}
	for _, keep := range []time.Duration{time.Hour, time.Minute, 2 * time.Hour} {
		if _, err := RotateClientSecret(ctx, x.store, x.now(), "C1", keep, nil); err != nil {
			t.Fatal(err)
		}
	}
	var left []time.Duration
	for _, s := range x.stored("C1").Secrets {
		if s.ExpiresAt.IsZero() {
			left = append(left, 0)
			continue
		}
		left = append(left, s.ExpiresAt.Sub(x.now()))
	}
	// The newest first: the one it replaced for two hours, the two before no longer
	// than the second rotation said.
	if len(left) != 4 || left[0] != 0 || left[1] != 2*time.Hour || left[2] != time.Minute || left[3] != time.Minute {
		t.Errorf("the secrets are good for %v", left)
	}
	x.pass(time.Minute)
	if _, err := RotateClientSecret(ctx, x.store, x.now(), "C1", 0, nil); err != nil || len(x.stored("C1").Secrets) != 1 {
		t.Errorf("kept %d, %v", len(x.stored("C1").Secrets), err)
	}
}
