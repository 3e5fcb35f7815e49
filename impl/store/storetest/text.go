package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/store"
)

// texts: strings are bytes. Engines fold case, strip accents and spaces, cut at
// a length, and read numbers into text; a store must not (ATK-180 … ATK-182).
var texts = group{"texts", []rule{
	{"looked up exactly", lookedUpExactly},
	{"kept exactly or refused", keptOrRefused},
	{"long enough", longEnough},
	{"not found, not an error", hostileLookup},
}}

// lookalikes are other strings that some collation takes for the key.
var lookalikes = map[string][]string{
	"abc":             {"ABC", "Abc", "abc ", " abc", "abc\t", "ábc", "abc\u0301", "abc\u200b", "ab", "abcd", "abc%", "ab_", "%", "ａｂｃ"},
	"straße":          {"strasse", "STRASSE", "straßE"},
	"\u00e9":          {"e\u0301", "e", "\u00c9"},
	"ı":               {"i", "I", "İ"},
	"0":               {"", "00", "0.0", "-0", "0x0", "false"},
	"1e3":             {"1000", "1E3", "1e03"},
	"0x1":             {"1", "0X1", "0x01"},
	"1abc":            {"1", "1ABC"},
	"🔑":               {"🔒", "?", "??", "\ufffd"},
	`a'b"c\d`:         {`a''b"c\d`, `a'b"c\\d`, `a'b"cd`},
	"null":            {"NULL", "", "nil"},
	"2026-01-01":      {"2026-1-1", "2026-01-01T00:00:00Z"},
	"line\nfeed\r\n":  {"line\nfeed\n", "line\nfeed", "line feed"},
	"trailing space ": {"trailing space", "trailing space  "},
}

// lookedUpExactly uses each key in every place that a verb looks up by.
func lookedUpExactly(t testing.TB, s store.Store) {
	for key, others := range lookalikes {
		c, a, g := aClient(), anAccount(), aGrant()
		c.ID, a.ID, a.Name, g.ID, g.Subject, g.ClientID, g.SessionID = key, key, key, key, key, key, key
		registered(t, s, c)
		a = created(t, s, a)
		must(t, "Issue", s.Issue(bg, &g))
		must(t, "Once", s.Once(bg, key, key, epoch))
		readClient(t, s, "Client", c)
		readAccount(t, s, "Account", a)
		for _, other := range others {
			if _, listed := lookalikes[other]; !listed {
				otherName(t, s, key, other)
			}
		}
		want(t, "Once again", s.Once(bg, key, key, epoch), store.ErrConsumed)
	}
}

func otherName(t testing.TB, s store.Store, key, other string) {
	t.Helper()
	_, err := s.Client(bg, other)
	want(t, "Client "+show(other)+" for "+show(key), err, store.ErrNotFound)
	_, err = s.Account(bg, other)
	want(t, "Account "+show(other)+" for "+show(key), err, store.ErrNotFound)
	_, err = s.AccountByName(bg, other)
	want(t, "AccountByName "+show(other)+" for "+show(key), err, store.ErrNotFound)
	_, err = grantByID(s, other)
	want(t, "Grant "+show(other)+" for "+show(key), err, store.ErrNotFound)
	list, err := grantsOf(s, other)
	want(t, "Grants", err, nil)
	if len(list) != 0 {
		t.Errorf("Grants of %q lists a grant of %q", other, key)
	}
	for _, f := range []store.GrantFilter{{ID: other}, {Subject: other}, {ClientID: other}, {SessionID: other}} {
		n, err := s.RevokeGrants(bg, f, epoch)
		want(t, "RevokeGrants", err, nil)
		if n != 0 {
			t.Errorf("RevokeGrants of %q revoked a grant of %q", other, key)
		}
	}
	if other != "" {
		scope := fresh("scope")
		want(t, "Once", s.Once(bg, scope, key, epoch), nil)
		want(t, "Once of "+show(other)+" after "+show(key), s.Once(bg, scope, other, epoch), nil)
	}
}

// hostile are values that some engine cannot hold, or holds changed.
var hostile = map[string]string{
	"NUL":              "a\x00b",
	"NUL at the end":   "ab\x00",
	"invalid UTF-8":    "a\xffb",
	"half a rune":      "a\xe2\x82",
	"surrogate":        "\xed\xa0\x80",
	"overlong":         "\xc0\xaf",
	"256 characters":   strings.Repeat("x", 256),
	"4096 characters":  strings.Repeat("y", 4096),
	"70000 characters": strings.Repeat("z", 70000),
	"256 emoji":        strings.Repeat("🔑", 256),
	"noncharacter":     "a\uffff",
	"byte order mark":  "\ufeffa",
}

// keptOrRefused puts hostile values into every text of a client, a grant, a
// token, an account and an event: the answer is ErrInvalid and nothing is there,
// or the record is there as it was given.
func keptOrRefused(t testing.TB, s store.Store) {
	for what, value := range hostile {
		for _, set := range []func(*store.Grant){
			func(g *store.Grant) { g.ID = value },
			func(g *store.Grant) { g.Subject = value },
			func(g *store.Grant) { g.ClientID = value },
			func(g *store.Grant) { g.Scopes = []string{"a", value} },
			func(g *store.Grant) { g.Resources = []string{value} },
			func(g *store.Grant) { g.RedirectURI = value },
			func(g *store.Grant) { g.SessionID = value },
			func(g *store.Grant) { g.Parameters = []byte(value) },
			func(g *store.Grant) { g.Metadata = []byte(value) },
		} {
			g := aGrant()
			set(&g)
			kept(t, "Issue with "+what, g, s.Issue(bg, &g), func() (store.Grant, error) { return grantByID(s, g.ID) })
		}
		c := aClient()
		c.ID = value
		_, err := s.RegisterClient(bg, c, epoch)
		kept(t, "RegisterClient with "+what, c, err, func() (store.Client, error) { return s.Client(bg, c.ID) })
		a := anAccount()
		a.Name = value
		err = s.ReplaceAccount(bg, a)
		a.Revision = 1
		kept(t, "ReplaceAccount with "+what, a, err, func() (store.Account, error) { return s.AccountByName(bg, value) })
		token := aToken(store.Grant{})
		token.ClientID = value
		kept(t, "Issue of tokens with "+what, token, s.Issue(bg, nil, token), func() (store.Token, error) {
			got, _, err := s.Token(bg, token.Digest)
			return got, err
		})
		if err := s.Once(bg, fresh("scope"), value, epoch); err != nil {
			want(t, "Once with "+what, err, store.ErrInvalid)
		}
	}
	lists := aGrant()
	lists.Scopes, lists.Resources = []string{""}, []string{"", ""}
	kept(t, "Issue with empty scopes", lists, s.Issue(bg, &lists), func() (store.Grant, error) { return grantByID(s, lists.ID) })
}

func kept[T any](t testing.TB, what string, record T, err error, get func() (T, error)) {
	t.Helper()
	got, readErr := get()
	if err == nil {
		must(t, what+", read back", readErr)
		same(t, what, got, record)
		return
	}
	want(t, what, err, store.ErrInvalid)
	want(t, what+" that was refused, read back", readErr, store.ErrNotFound)
}

// longEnough: 255 characters are what OpenID Connect Core §2 lets a subject
// have; nobody else's identifiers are longer.
func longEnough(t testing.TB, s store.Store) {
	for _, one := range []string{"s", "é", "🔑"} {
		long := strings.Repeat(one, 254)
		c, a, g := aClient(), anAccount(), aGrant()
		c.ID, a.ID, a.Name, g.Subject, g.ClientID = long+"1", long+"1", long+"1", long+"1", long+"1"
		registered(t, s, c)
		a = created(t, s, a)
		must(t, "Issue", s.Issue(bg, &g))
		readClient(t, s, "Client", c)
		readAccount(t, s, "Account", a)
		for _, other := range []string{long, long + "2", long + "11"} {
			otherName(t, s, long+"1", other)
		}
	}
}

// hostileLookup: what cannot have been stored is not found, and a guessed
// identifier does not look like a failing store.
func hostileLookup(t testing.TB, s store.Store) {
	for what, value := range hostile {
		value = fresh("hostile") + value
		_, err := s.Client(bg, value)
		want(t, "Client by "+what, err, store.ErrNotFound)
		_, err = s.AccountByName(bg, value)
		want(t, "AccountByName by "+what, err, store.ErrNotFound)
		_, err = grantByID(s, value)
		want(t, "Grant by "+what, err, store.ErrNotFound)
		want(t, "DeleteClient by "+what, s.DeleteClient(bg, value, epoch), store.ErrNotFound)
		want(t, "RenewClient by "+what, s.RenewClient(bg, value, epoch, epoch), store.ErrNotFound)
		want(t, "RetireKey by "+what, s.RetireKey(bg, value, epoch, epoch), store.ErrNotFound)
		n, err := s.RevokeGrants(bg, store.GrantFilter{Subject: value}, epoch)
		want(t, "RevokeGrants by "+what, err, nil)
		if n != 0 {
			t.Errorf("RevokeGrants by %s: %d", what, n)
		}
		if _, err := s.Clients(bg, value, 1); err != nil && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("Clients after %s: %v", what, err)
		}
	}
}
