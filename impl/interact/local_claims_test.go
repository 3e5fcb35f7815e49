package interact

import (
	"encoding/json"
	"errors"
	"fmt"
	"github.com/charterauth/charter/impl/internal/proof"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

func claimsFor(t *testing.T, l *LocalAccounts, name string) map[string]any {
	t.Helper()
	account, err := l.store.AccountByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	document, err := Claims(l)(t.Context(), account.ID)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(document, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLocalClaims(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	l := NewLocalAccounts(memory.New())
	l.now = func() time.Time { return at }
	if err := l.Add(t.Context(), "alice", "correct horse battery staple"); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(claimsFor(t, l, "alice")); got != fmt.Sprint(map[string]any{"preferred_username": "alice", "updated_at": float64(at.Unix())}) {
		t.Errorf("without claims: %s", got)
	}
	before, err := l.Account(t.Context(), subjectOf(t, l, "alice"))
	if err != nil {
		t.Fatal(err)
	}
	at = at.Add(time.Hour)
	if err := l.SetClaims(t.Context(), "alice", json.RawMessage(`{"name":"Alice","name#de":"Älice","preferred_username":"al","address":{"country":"GB"},"department":["Optics"]}`)); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"name": "Alice", "name#de": "Älice", "preferred_username": "al", "address": map[string]any{"country": "GB"}, "department": []any{"Optics"}, "updated_at": float64(at.Unix())}
	if got := claimsFor(t, l, "alice"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("claims %v, want %v", got, want)
	}
	// Nobody is signed out by it.
	if after, err := l.Account(t.Context(), before.Subject); err != nil || !after.ValidSince.Equal(before.ValidSince) {
		t.Errorf("ValidSince became %v, %v", after.ValidSince, err)
	}
	if err := l.SetClaims(t.Context(), "alice", json.RawMessage(`{}`)); err != nil || len(claimsFor(t, l, "alice")) != 2 {
		t.Errorf("an empty object: %v, %v", err, claimsFor(t, l, "alice"))
	}
	if err := l.SetClaims(t.Context(), "bob", json.RawMessage(`{}`)); !errors.Is(err, ErrNoAccount) {
		t.Errorf("unknown account: %v", err)
	}
	if _, err := Claims(l)(t.Context(), "u_nobody"); !errors.Is(err, server.ErrNoPerson) {
		t.Errorf("unknown subject: %v", err)
	}
}

func subjectOf(t *testing.T, l *LocalAccounts, name string) string {
	t.Helper()
	account, err := l.store.AccountByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return account.ID
}

// OIDC-CORE-5.1-1, -2: what the standard says of its claims holds of every account.
func TestCheckClaims(t *testing.T) {
	proof.Of(t, "OIDC-CORE-5.1-1", "OIDC-CORE-5.1-2")
	for claims, good := range map[string]bool{
		`{"email":"alice@example.com","email_verified":true}`:                true,
		`{"email":"Alice <alice@example.com>"}`:                              false,
		`{"email":"alice"}`:                                                  false,
		`{"email":null}`:                                                     false,
		`{"email_verified":"true"}`:                                          false,
		`{"phone_number":"555 0100","phone_number_verified":true}`:           false,
		`{"phone_number":"555 0100"}`:                                        true,
		`{"phone_number":"+15550100","phone_number_verified":true}`:          true,
		`{"phone_number":"+15550100;ext=5678","phone_number_verified":true}`: true,
		`{"address":"1 High Street"}`:                                        false,
		`{"updated_at":"2026"}`:                                              false,
		`{"family_name#ja-Kana-JP":"アダムズ"}`:                                  true,
		`{"family_name#ja-Kana-JP":1}`:                                       false,
		`{"sub":"mallory"}`:                                                  false,
		`{"iss":"https://evil.example"}`:                                     false,
		`{"acr":"gold"}`:                                                     false,
		`{"groups":["staff"],"level":5,"nothing":null}`:                      true,
		`{"Groups":1,"groups":2}`:                                            false,
		`[]`:                                                                 false,
		`null`:                                                               false,
		`{`:                                                                  false,
	} {
		l := NewLocalAccounts(memory.New())
		if _, err := l.checkedClaims(json.RawMessage(claims)); (err == nil) != good {
			t.Errorf("%s: %v", claims, err)
		}
	}
	l := NewLocalAccounts(memory.New())
	if _, err := l.checkedClaims(json.RawMessage(`{"x":"` + string(make([]byte, 0)) + fmt.Sprintf("%017000d", 1) + `"}`)); err == nil {
		t.Error("17 kB of claims were taken")
	}
}
