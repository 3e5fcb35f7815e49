package storetest

import (
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// cascades: what ends with what, and what does not.
var cascades = group{"cascades", []rule{
	{"RevokeGrants", revokeGrants},
	{"RevokeGrants twice", revokeTwice},
	{"RevokeGrants by an empty filter", revokeByNothing},
	{"DeleteClient", deleteClient},
	{"DeleteAccount", deleteAccount},
}}

// grantState reports a grant that is revoked though it should not be, or the
// other way round, read in every way in which a verb shows a grant.
func grantState(t testing.TB, s store.Store, what string, token store.Token, revokedAt time.Time) {
	t.Helper()
	_, viaToken, err := s.Token(bg, token.Digest)
	must(t, what+": Token", err)
	direct, err := grantByID(s, token.GrantID)
	must(t, what+": Grant", err)
	listed, err := grantsOf(s, direct.Subject)
	must(t, what+": Grants", err)
	inList := false
	for _, g := range listed {
		inList = inList || g.ID == direct.ID
	}
	if !viaToken.RevokedAt.Equal(revokedAt) || !direct.RevokedAt.Equal(revokedAt) || inList != revokedAt.IsZero() {
		t.Errorf("%s: revoked at %v by Token, %v by Grant, listed %v; want revoked at %v",
			what, viaToken.RevokedAt, direct.RevokedAt, inList, revokedAt)
	}
}

// grantOf issues a grant for a subject and a client with a token.
func grantOf(t testing.TB, s store.Store, subject, client string) store.Token {
	t.Helper()
	g := aGrant()
	g.Subject, g.ClientID = subject, client
	token := aToken(g)
	must(t, "Issue", s.Issue(bg, &g, token))
	return token
}

func revokeGrants(t testing.TB, s store.Store) {
	at := epoch.Add(time.Second)
	for _, f := range []struct {
		what   string
		filter func(g store.Grant) store.GrantFilter // of the first grant
		want   [4]bool                               // which of the four grants below
	}{
		{"ID", func(g store.Grant) store.GrantFilter { return store.GrantFilter{ID: g.ID} }, [4]bool{true}},
		{"subject", func(g store.Grant) store.GrantFilter { return store.GrantFilter{Subject: g.Subject} }, [4]bool{true, true}},
		{"client", func(g store.Grant) store.GrantFilter { return store.GrantFilter{ClientID: g.ClientID} }, [4]bool{true, false, true}},
		{"session", func(g store.Grant) store.GrantFilter { return store.GrantFilter{SessionID: g.SessionID} }, [4]bool{true, true, true}},
		{"subject and client", func(g store.Grant) store.GrantFilter {
			return store.GrantFilter{Subject: g.Subject, ClientID: g.ClientID}
		}, [4]bool{true}},
		{"session and client", func(g store.Grant) store.GrantFilter {
			return store.GrantFilter{SessionID: g.SessionID, ClientID: g.ClientID}
		}, [4]bool{true, false, true}},
		{"ID and another subject", func(g store.Grant) store.GrantFilter { return store.GrantFilter{ID: g.ID, Subject: "other"} }, [4]bool{}},
		{"ID and another session", func(g store.Grant) store.GrantFilter { return store.GrantFilter{ID: g.ID, SessionID: "other"} }, [4]bool{}},
	} {
		var grants [4]store.Grant
		var tokens [4]store.Token
		for i := range grants {
			grants[i] = aGrant()
			grants[i].SessionID = fresh("session")
		}
		grants[1].Subject, grants[2].ClientID = grants[0].Subject, grants[0].ClientID
		grants[1].SessionID, grants[2].SessionID = grants[0].SessionID, grants[0].SessionID
		for i, g := range grants {
			tokens[i] = aToken(g)
			must(t, "Issue", s.Issue(bg, &g, tokens[i]))
		}
		matching, err := s.Grants(bg, f.filter(grants[0]), epoch, "", 10)
		must(t, "Grants", err)
		n, err := s.RevokeGrants(bg, f.filter(grants[0]), at)
		must(t, "RevokeGrants", err)
		expected := 0
		for i, token := range tokens {
			revokedAt := time.Time{}
			if f.want[i] {
				revokedAt = at
				expected++
			}
			grantState(t, s, "RevokeGrants by "+f.what, token, revokedAt)
		}
		if n != expected || len(matching) != expected {
			t.Errorf("by %s: Grants lists %d, RevokeGrants revoked %d, want %d", f.what, len(matching), n, expected)
		}
	}
}

func revokeTwice(t testing.TB, s store.Store) {
	token := grantOf(t, s, fresh("subject"), fresh("client"))
	for i, expected := range []int{1, 0} {
		n, err := s.RevokeGrants(bg, store.GrantFilter{ID: token.GrantID}, epoch.Add(time.Duration(i)*time.Hour))
		must(t, "RevokeGrants", err)
		if n != expected {
			t.Errorf("RevokeGrants, call %d: %d, want %d", i+1, n, expected)
		}
	}
	grantState(t, s, "the first revocation", token, epoch)
}

func revokeByNothing(t testing.TB, s store.Store) {
	token := grantOf(t, s, fresh("subject"), fresh("client"))
	n, err := s.RevokeGrants(bg, store.GrantFilter{}, epoch)
	must(t, "RevokeGrants", err)
	if n != 0 {
		t.Errorf("RevokeGrants by an empty filter revoked %d grants", n)
	}
	list, err := s.Grants(bg, store.GrantFilter{}, time.Time{}, "", 10)
	must(t, "Grants", err)
	if len(list) != 0 {
		t.Errorf("Grants by an empty filter lists %d grants", len(list))
	}
	grantState(t, s, "an empty filter", token, time.Time{})
}

func deleteClient(t testing.TB, s store.Store) {
	c, other := aClient(), aClient()
	own, others := aToken(store.Grant{}), aToken(store.Grant{})
	own.ClientID, others.ClientID = c.ID, other.ID
	registered(t, s, c, own)
	registered(t, s, other, others)
	late, initial := aToken(store.Grant{}), aToken(store.Grant{})
	late.ClientID = c.ID
	must(t, "Issue of tokens", s.Issue(bg, nil, late, initial))
	granted, kept := grantOf(t, s, fresh("subject"), c.ID), grantOf(t, s, fresh("subject"), other.ID)

	at := epoch.Add(time.Second)
	must(t, "DeleteClient", s.DeleteClient(bg, c.ID, at))
	_, err := s.Client(bg, c.ID)
	want(t, "Client", err, store.ErrNotFound)
	absent(t, s, "the client's own tokens", own, late)
	grantState(t, s, "the client's grant", granted, at)
	want(t, "ConsumeToken of the client", s.ConsumeToken(bg, spend(granted)), store.ErrNotFound)

	_, err = s.Client(bg, other.ID)
	want(t, "another client", err, nil)
	unspent(t, s, "tokens of others", others, initial)
	grantState(t, s, "another client's grant", kept, time.Time{})
	want(t, "DeleteClient again", s.DeleteClient(bg, c.ID, at), store.ErrNotFound)
}

func deleteAccount(t testing.TB, s store.Store) {
	a, other := anAccount(), anAccount()
	a = created(t, s, a)
	other = created(t, s, other)
	mine, theirs := aSession(a.ID), aSession(other.ID)
	must(t, "CreateSession", s.CreateSession(bg, mine, store.Digest{}))
	must(t, "CreateSession", s.CreateSession(bg, theirs, store.Digest{}))
	granted, kept := grantOf(t, s, a.ID, fresh("client")), grantOf(t, s, other.ID, fresh("client"))

	at := epoch.Add(time.Second)
	must(t, "DeleteAccount", s.DeleteAccount(bg, a.ID, at))
	_, err := s.Account(bg, a.ID)
	want(t, "Account", err, store.ErrNotFound)
	_, err = s.AccountByName(bg, a.Name)
	want(t, "AccountByName", err, store.ErrNotFound)
	_, err = s.Session(bg, mine.Digest)
	want(t, "the account's session", err, store.ErrNotFound)
	grantState(t, s, "the account's grant", granted, at)

	_, err = s.Account(bg, other.ID)
	want(t, "another account", err, nil)
	_, err = s.Session(bg, theirs.Digest)
	want(t, "another account's session", err, nil)
	grantState(t, s, "another account's grant", kept, time.Time{})
}
