-- The database of Charter, version 1: one schema for SQLite, PostgreSQL and
-- MySQL/MariaDB. `charter migrate` applies it, or sqlstore.Migrate in a program.
--
-- Every engine reads it alike:
--   * Times are microseconds since 1970 in UTC, as BIGINT; NULL is "never" or
--     "not yet".
--   * Booleans are SMALLINT 0 and 1.
--   * Bytes are text: digests are SHA-256 in base64url, 43 characters; sealed
--     values are base64url. An absent value is NULL, never empty.
--   * Lists and objects are JSON in TEXT, never queried.
--   * Identifiers have at most 255 characters, so that an index over two of them
--     stays below the 3072 bytes of MySQL with utf8mb4; longer ones are refused
--     before they get here.
--   * Text is compared byte by byte. The types that make each engine do so, and
--     hold long values, are chosen when the schema is applied (sqlstore.Dialect).
--
-- No foreign keys: a token is live only while its grant is, which every reader
-- checks; revocation marks one row and never chases tokens.
--
-- Each column has a class, which says what somebody who reads the database learns:
--   public    an identifier, a time, a protocol value; harmless
--   personal  about a person; erased with the account, the grant or the audit trail
--   digest    one-way; finds a record and tells nothing of the secret
--   sealed    encrypted under a key that is not in the database

-- The version of this schema; one row. A program that needs another refuses to
-- start.
CREATE TABLE charter_schema_version (
  version BIGINT NOT NULL PRIMARY KEY -- public
);

-- Registered clients (RFC 7591). Sweep removes a row at expires_at.
CREATE TABLE charter_clients (
  id               VARCHAR(255) NOT NULL PRIMARY KEY, -- public: client_id
  metadata         TEXT         NOT NULL,             -- public: JSON, RFC 7591 §2
  secrets          TEXT,                              -- digest: JSON, the hashes of the client secrets
  source           VARCHAR(255) NOT NULL,             -- public: operator or dynamic
  fingerprint      VARCHAR(43),                       -- digest: of the metadata, for idempotent registration
  shared           SMALLINT     NOT NULL,             -- public: one registration answered for several registrants
  insecure_no_pkce SMALLINT     NOT NULL,             -- public: an operator lets this client omit PKCE
  disabled_at      BIGINT,                            -- public
  revision         BIGINT       NOT NULL,             -- public: for compare-and-swap
  created_at       BIGINT,                            -- public
  updated_at       BIGINT,                            -- public
  last_used_at     BIGINT,                            -- public
  expires_at       BIGINT                             -- public: when an unused registration may go
);
CREATE INDEX charter_clients_fingerprint ON charter_clients (fingerprint);
CREATE INDEX charter_clients_expiry ON charter_clients (expires_at);

-- Authorization requests that wait for a person (RFC 6749 §4.1.1). Sweep removes
-- a row at expires_at.
CREATE TABLE charter_requests (
  handle      VARCHAR(43)  NOT NULL PRIMARY KEY, -- digest: of the handle that the pages carry
  browser     VARCHAR(43),                       -- digest: of the cookie that binds it to a browser
  client_id   VARCHAR(255) NOT NULL,             -- public
  parameters  TEXT,                              -- personal: JSON, what was asked for, with state and login_hint
  created_at  BIGINT,                            -- public
  expires_at  BIGINT,                            -- public
  answered_at BIGINT                             -- public: set once, by whoever answers first
);
CREATE INDEX charter_requests_expiry ON charter_requests (expires_at);

-- What a person, or a client for itself, was allowed. Sweep removes a row at
-- expires_at, after its tokens.
CREATE TABLE charter_grants (
  id           VARCHAR(255) NOT NULL PRIMARY KEY, -- public: random
  subject      VARCHAR(255) NOT NULL,             -- personal: the account, or the client itself
  client_id    VARCHAR(255) NOT NULL,             -- public
  scopes       TEXT,                              -- public: JSON
  resources    TEXT,                              -- public: JSON, RFC 8707
  redirect_uri TEXT,                              -- public
  props        TEXT,                              -- sealed: the application's data, under a key that its tokens wrap
  metadata     TEXT,                              -- personal: JSON, what the application notes in the open
  auth_time    BIGINT,                            -- personal: when the person authenticated
  created_at   BIGINT,                            -- public
  last_used_at BIGINT,                            -- personal: when a token was last issued
  expires_at   BIGINT,                            -- public
  revoked_at   BIGINT                             -- public: set once; no token under it is good any more
);
CREATE INDEX charter_grants_subject ON charter_grants (subject, id);
CREATE INDEX charter_grants_client ON charter_grants (client_id);
CREATE INDEX charter_grants_expiry ON charter_grants (expires_at);

-- Every bearer handle: codes, refresh, access and registration access tokens.
-- Sweep removes a row at sweep_at, or with its grant or client.
CREATE TABLE charter_tokens (
  digest      VARCHAR(43)  NOT NULL PRIMARY KEY, -- digest: of the token
  kind        VARCHAR(255) NOT NULL,             -- public: authorization_code, refresh_token, …
  grant_id    VARCHAR(255),                      -- public: NULL for tokens that belong to no grant
  client_id   VARCHAR(255),                      -- public: NULL for initial access tokens
  scopes      TEXT,                              -- public: JSON
  resources   TEXT,                              -- public: JSON
  parameters  TEXT,                              -- public: JSON, what else redeeming it needs
  props       TEXT,                              -- sealed: the token's own data
  wrapped_key TEXT,                              -- sealed: the key of the props, under the token itself
  created_at  BIGINT,                            -- public
  expires_at  BIGINT,                            -- public
  consumed_at BIGINT,                            -- public: set once, by whoever spends it first
  successor   VARCHAR(43),                       -- digest: of the refresh token that replaced it
  reply       TEXT,                              -- sealed: the answer its consumer got, under the token itself
  sweep_at    BIGINT                             -- public: expires_at; NULL once consumed under a grant, since reuse detection needs it as long as the grant
);
CREATE INDEX charter_tokens_owner ON charter_tokens (grant_id, client_id);
CREATE INDEX charter_tokens_expiry ON charter_tokens (sweep_at);

-- Signed-in browsers. Sweep removes a row at expires_at.
CREATE TABLE charter_sessions (
  digest     VARCHAR(43)  NOT NULL PRIMARY KEY, -- digest: of the cookie
  subject    VARCHAR(255) NOT NULL,             -- personal: charter_accounts.id
  auth_time  BIGINT,                            -- personal
  methods    TEXT,                              -- personal: JSON, RFC 8176
  created_at BIGINT,                            -- public
  expires_at BIGINT                             -- public
);
CREATE INDEX charter_sessions_subject ON charter_sessions (subject);
CREATE INDEX charter_sessions_expiry ON charter_sessions (expires_at);

-- People known to the built-in pages. They do not expire; an operator deletes them.
CREATE TABLE charter_accounts (
  id            VARCHAR(255) NOT NULL PRIMARY KEY, -- public: random, the subject identifier
  name          VARCHAR(255) NOT NULL,             -- personal: what the person types
  password_hash TEXT,                              -- personal: argon2id; slow to search, but a weak password can be found
  claims        TEXT,                              -- personal: JSON
  disabled_at   BIGINT,                            -- public
  revision      BIGINT       NOT NULL,             -- public: for compare-and-swap
  created_at    BIGINT,                            -- public
  updated_at    BIGINT                             -- public
);
CREATE UNIQUE INDEX charter_accounts_name ON charter_accounts (name);

-- The server's keys (RFC 7517). Sweep removes a row at expires_at, long after its
-- last signature.
CREATE TABLE charter_keys (
  id          VARCHAR(255) NOT NULL PRIMARY KEY, -- public: kid
  key_use     VARCHAR(255) NOT NULL,             -- public: sig, …
  algorithm   VARCHAR(255) NOT NULL,             -- public: JOSE alg
  generation  BIGINT       NOT NULL,             -- public: two processes that both find a key missing make one
  sealed      TEXT,                              -- sealed: the private key, under the key-encryption key
  public_jwk  TEXT,                              -- public: JSON
  created_at  BIGINT,                            -- public
  active_at   BIGINT,                            -- public
  retired_at  BIGINT,                            -- public
  expires_at  BIGINT                             -- public
);
CREATE UNIQUE INDEX charter_keys_generation ON charter_keys (key_use, algorithm, generation);
CREATE INDEX charter_keys_expiry ON charter_keys (expires_at);

-- What may happen once (jti, nonces), and what happens one at a time. Sweep
-- removes a row at expires_at.
CREATE TABLE charter_marks (
  name       VARCHAR(43) NOT NULL PRIMARY KEY, -- digest: of scope and id, which may be long or personal
  expires_at BIGINT                            -- public
);
CREATE INDEX charter_marks_expiry ON charter_marks (expires_at);

-- Counters that start again at expires_at, when Sweep removes them too.
CREATE TABLE charter_counters (
  name       VARCHAR(43) NOT NULL PRIMARY KEY, -- digest: of scope and id
  counted    BIGINT      NOT NULL,             -- public
  expires_at BIGINT                            -- public
);
CREATE INDEX charter_counters_expiry ON charter_counters (expires_at);

-- The audit trail, in the order of its identifiers. It does not expire.
CREATE TABLE charter_events (
  id          VARCHAR(255) NOT NULL PRIMARY KEY, -- public: sorts by time
  occurred_at BIGINT,                            -- public
  reason      VARCHAR(255) NOT NULL,             -- public: a stable slug
  client_id   VARCHAR(255),                      -- public
  subject     VARCHAR(255),                      -- personal
  grant_id    VARCHAR(255),                      -- public
  address     VARCHAR(255),                      -- personal: the peer
  detail      TEXT                               -- personal: JSON
);

INSERT INTO charter_schema_version (version) VALUES (1);
