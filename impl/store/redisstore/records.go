package redisstore

import (
	"encoding/json"

	"github.com/charterauth/charter/impl/store"
)

// How records stand in hashes. The scripts know the names of the fields that
// they look at or change.

func clientRecord(c store.Client) (record, error) {
	var r record
	r.text("id", c.ID)
	r.bytes("metadata", c.Metadata)
	if len(c.Secrets) > 0 {
		secrets, err := json.Marshal(c.Secrets)
		if err != nil {
			return nil, err
		}
		r.bytes("secrets", secrets)
	}
	r.text("source", c.Source)
	r.digest("fingerprint", c.Fingerprint)
	r.flag("shared", c.Shared)
	r.flag("insecure_no_pkce", c.InsecureNoPKCE)
	r.flag("insecure_legacy_jwt", c.InsecureLegacyJWT)
	r.time("disabled_at", c.DisabledAt)
	r.number("revision", c.Revision)
	r.time("created_at", c.CreatedAt)
	r.time("updated_at", c.UpdatedAt)
	r.time("last_used_at", c.LastUsedAt)
	r.time("expires_at", c.ExpiresAt)
	return r, nil
}

func (f fields) client() (store.Client, error) {
	r := reading{fields: f}
	c := store.Client{
		ID: f["id"], Metadata: r.bytes("metadata"), Source: f["source"], Fingerprint: r.digest("fingerprint"),
		Shared: f["shared"] != "", InsecureNoPKCE: f["insecure_no_pkce"] != "", InsecureLegacyJWT: f["insecure_legacy_jwt"] != "",
		DisabledAt: r.time("disabled_at"), Revision: r.number("revision"), CreatedAt: r.time("created_at"),
		UpdatedAt: r.time("updated_at"), LastUsedAt: r.time("last_used_at"), ExpiresAt: r.time("expires_at"),
	}
	if f["secrets"] != "" {
		if err := json.Unmarshal([]byte(f["secrets"]), &c.Secrets); err != nil {
			return store.Client{}, errField
		}
		for i := range c.Secrets {
			s := &c.Secrets[i]
			s.CreatedAt, s.ExpiresAt = s.CreatedAt.UTC(), s.ExpiresAt.UTC()
		}
	}
	return c, r.err
}

func grantRecord(g store.Grant) record {
	var r record
	r.text("id", g.ID)
	r.text("issuer", g.Issuer)
	r.text("subject", g.Subject)
	r.text("client_id", g.ClientID)
	r.list("scopes", g.Scopes)
	r.list("resources", g.Resources)
	r.text("redirect_uri", g.RedirectURI)
	r.text("session_id", g.SessionID)
	r.bytes("parameters", g.Parameters)
	r.bytes("props", g.Props)
	r.bytes("metadata", g.Metadata)
	r.time("auth_time", g.AuthTime)
	r.time("created_at", g.CreatedAt)
	r.time("last_used_at", g.LastUsedAt)
	r.time("expires_at", g.ExpiresAt)
	r.time("revoked_at", g.RevokedAt)
	return r
}

func (f fields) grant() (store.Grant, error) {
	r := reading{fields: f}
	g := store.Grant{
		ID: f["id"], Issuer: f["issuer"], Subject: f["subject"], ClientID: f["client_id"], Scopes: r.list("scopes"), Resources: r.list("resources"),
		RedirectURI: f["redirect_uri"], SessionID: f["session_id"], Parameters: r.bytes("parameters"), Props: r.bytes("props"),
		Metadata: r.bytes("metadata"), AuthTime: r.time("auth_time"), CreatedAt: r.time("created_at"),
		LastUsedAt: r.time("last_used_at"), ExpiresAt: r.time("expires_at"), RevokedAt: r.time("revoked_at"),
	}
	return g, r.err
}

func tokenRecord(t store.Token) record {
	var r record
	r.digest("digest", t.Digest)
	r.text("kind", string(t.Kind))
	r.text("grant_id", t.GrantID)
	r.text("client_id", t.ClientID)
	r.list("scopes", t.Scopes)
	r.list("resources", t.Resources)
	r.bytes("parameters", t.Parameters)
	r.bytes("props", t.Props)
	r.bytes("wrapped_key", t.WrappedKey)
	r.time("created_at", t.CreatedAt)
	r.time("expires_at", t.ExpiresAt)
	r.time("consumed_at", t.ConsumedAt)
	r.digest("successor", t.Successor)
	r.bytes("reply", t.Reply)
	return r
}

func (f fields) token() (store.Token, error) {
	r := reading{fields: f}
	t := store.Token{
		Digest: r.digest("digest"), Kind: store.Kind(f["kind"]), GrantID: f["grant_id"], ClientID: f["client_id"],
		Scopes: r.list("scopes"), Resources: r.list("resources"), Parameters: r.bytes("parameters"), Props: r.bytes("props"),
		WrappedKey: r.bytes("wrapped_key"), CreatedAt: r.time("created_at"), ExpiresAt: r.time("expires_at"),
		ConsumedAt: r.time("consumed_at"), Successor: r.digest("successor"), Reply: r.bytes("reply"),
	}
	return t, r.err
}

func sessionRecord(s store.Session) record {
	var r record
	r.digest("digest", s.Digest)
	r.text("id", s.ID)
	r.text("subject", s.Subject)
	r.time("auth_time", s.AuthTime)
	r.list("methods", s.Methods)
	r.bytes("parameters", s.Parameters)
	r.time("created_at", s.CreatedAt)
	r.time("expires_at", s.ExpiresAt)
	return r
}

func (f fields) session() (store.Session, error) {
	r := reading{fields: f}
	s := store.Session{
		Digest: r.digest("digest"), ID: f["id"], Subject: f["subject"], AuthTime: r.time("auth_time"), Methods: r.list("methods"),
		Parameters: r.bytes("parameters"), CreatedAt: r.time("created_at"), ExpiresAt: r.time("expires_at"),
	}
	return s, r.err
}

func accountRecord(a store.Account) record {
	var r record
	r.text("id", a.ID)
	r.text("name", a.Name)
	r.text("password_hash", a.PasswordHash)
	r.bytes("claims", a.Claims)
	r.time("disabled_at", a.DisabledAt)
	r.number("revision", a.Revision)
	r.time("created_at", a.CreatedAt)
	r.time("updated_at", a.UpdatedAt)
	return r
}

func (f fields) account() (store.Account, error) {
	r := reading{fields: f}
	a := store.Account{
		ID: f["id"], Name: f["name"], PasswordHash: f["password_hash"], Claims: r.bytes("claims"),
		DisabledAt: r.time("disabled_at"), Revision: r.number("revision"), CreatedAt: r.time("created_at"), UpdatedAt: r.time("updated_at"),
	}
	return a, r.err
}

func keyRecord(k store.Key) record {
	var r record
	r.text("id", k.ID)
	r.text("use", k.Use)
	r.text("algorithm", k.Algorithm)
	r.number("generation", k.Generation)
	r.bytes("sealed", k.Sealed)
	r.bytes("public", k.Public)
	r.time("created_at", k.CreatedAt)
	r.time("active_at", k.ActiveAt)
	r.time("retired_at", k.RetiredAt)
	r.time("expires_at", k.ExpiresAt)
	return r
}

func (f fields) key() (store.Key, error) {
	r := reading{fields: f}
	k := store.Key{
		ID: f["id"], Use: f["use"], Algorithm: f["algorithm"], Generation: r.number("generation"), Sealed: r.bytes("sealed"),
		Public: r.bytes("public"), CreatedAt: r.time("created_at"), ActiveAt: r.time("active_at"),
		RetiredAt: r.time("retired_at"), ExpiresAt: r.time("expires_at"),
	}
	return k, r.err
}

func deliveryRecord(d store.Delivery) record {
	var r record
	r.text("id", d.ID)
	r.text("client_id", d.ClientID)
	r.text("target", d.Target)
	r.bytes("payload", d.Payload)
	r.number("attempts", d.Attempts)
	r.time("next_at", d.NextAt)
	r.time("created_at", d.CreatedAt)
	r.time("expires_at", d.ExpiresAt)
	return r
}

func (f fields) delivery() (store.Delivery, error) {
	r := reading{fields: f}
	d := store.Delivery{
		ID: f["id"], ClientID: f["client_id"], Target: f["target"], Payload: r.bytes("payload"), Attempts: r.number("attempts"),
		NextAt: r.time("next_at"), CreatedAt: r.time("created_at"), ExpiresAt: r.time("expires_at"),
	}
	return d, r.err
}

func eventRecord(e store.Event) record {
	var r record
	r.text("id", e.ID)
	r.time("at", e.At)
	r.text("reason", e.Reason)
	r.text("client_id", e.ClientID)
	r.text("subject", e.Subject)
	r.text("grant_id", e.GrantID)
	r.text("address", e.Address)
	r.bytes("detail", e.Detail)
	return r
}

func (f fields) event() (store.Event, error) {
	r := reading{fields: f}
	e := store.Event{
		ID: f["id"], At: r.time("at"), Reason: f["reason"], ClientID: f["client_id"], Subject: f["subject"],
		GrantID: f["grant_id"], Address: f["address"], Detail: r.bytes("detail"),
	}
	return e, r.err
}
