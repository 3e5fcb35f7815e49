-- The one schema of Charter, accepted as it stands by SQLite, PostgreSQL, MySQL
-- and MariaDB. `charter migrate` applies it, or sqlstore's Migrate in a program.
--
-- Conventions
--   Times are microseconds since 1970-01-01 UTC; 0 is "not" or "never".
--   Digests are SHA-256 in unpadded base64url, 43 characters; '' is none.
--   Sealed values are ciphertext in unpadded base64url. Lists and objects are
--   JSON. Identifiers are compared byte by byte: the migration gives VARCHAR the
--   "C" collation on PostgreSQL, and makes it VARBINARY on MySQL and MariaDB, and
--   TEXT MEDIUMBLOB, which has room for the largest props.
--   No foreign keys: a token is live only while its grant is, which every reader
--   checks; revocation marks one row and never chases tokens.
--
-- What a reader of a stolen copy learns is said for each column: [digest] and
-- [sealed] tell nothing, [public] is no secret, [personal] is about people,
-- [state] is neither.

-- The version of this schema; one row.
CREATE TABLE charter_schema (
  id         SMALLINT NOT NULL PRIMARY KEY, -- [state] always 1
  version    BIGINT   NOT NULL,             -- [state] a program that needs a later one refuses to start
  compatible BIGINT   NOT NULL,             -- [state] and so does one that knows only versions before this one
  applied_at BIGINT   NOT NULL              -- [state]
);

-- Registered clients (RFC 7591). Metadata documents are never stored here.
CREATE TABLE charter_clients (
  id                  VARCHAR(255) NOT NULL PRIMARY KEY, -- [public]
  metadata            TEXT         NOT NULL,             -- [public] JSON
  secrets             TEXT         NOT NULL,             -- [digest] JSON of hashes; [sealed] the secrets of clients that sign with them
  source              VARCHAR(32)  NOT NULL,             -- [state]
  fingerprint         VARCHAR(43)  NOT NULL,             -- [digest] of the metadata
  fingerprint_slot    VARCHAR(43)  NULL,                 -- [digest] the fingerprint, at the one client that answers for it
  shared              SMALLINT     NOT NULL,             -- [state]
  insecure_no_pkce    SMALLINT     NOT NULL,             -- [state]
  disabled_at         BIGINT       NOT NULL,             -- [state]
  revision            BIGINT       NOT NULL,             -- [state]
  created_at          BIGINT       NOT NULL,             -- [state]
  updated_at          BIGINT       NOT NULL,             -- [state]
  last_used_at        BIGINT       NOT NULL,             -- [state]
  expires_at          BIGINT       NOT NULL,             -- [state]
  insecure_legacy_jwt SMALLINT     NOT NULL DEFAULT 0    -- [state]
);
CREATE UNIQUE INDEX charter_clients_fingerprint ON charter_clients (fingerprint_slot);
CREATE INDEX charter_clients_expiry ON charter_clients (expires_at);

-- What people, and clients for themselves, were allowed. A token is live only
-- while its grant is.
CREATE TABLE charter_grants (
  id            VARCHAR(64)  NOT NULL PRIMARY KEY, -- [public]
  issuer        VARCHAR(255) NOT NULL DEFAULT '',  -- [public] '' in those of version 1
  subject       VARCHAR(255) NOT NULL,             -- [personal]
  client_id     TEXT         NOT NULL,             -- [public]
  client_digest VARCHAR(43)  NOT NULL,             -- [digest] of client_id, which can be too long to index
  scopes        TEXT         NOT NULL,             -- [state] JSON
  resources     TEXT         NOT NULL,             -- [state] JSON
  redirect_uri  TEXT         NOT NULL,             -- [public]
  session_id    VARCHAR(64)  NOT NULL DEFAULT '',  -- [public] '' without a sign-in
  parameters    TEXT         NULL,                 -- [personal] JSON
  props         TEXT         NOT NULL,             -- [sealed]
  metadata      TEXT         NOT NULL,             -- [personal] JSON, as the application decides
  auth_time     BIGINT       NOT NULL,             -- [personal]
  created_at    BIGINT       NOT NULL,             -- [state]
  last_used_at  BIGINT       NOT NULL,             -- [state]
  expires_at    BIGINT       NOT NULL,             -- [state]
  revoked_at    BIGINT       NOT NULL              -- [state]
);
CREATE INDEX charter_grants_subject ON charter_grants (subject);
CREATE INDEX charter_grants_client ON charter_grants (client_digest);
CREATE INDEX charter_grants_session ON charter_grants (session_id);
CREATE INDEX charter_grants_expiry ON charter_grants (expires_at);

-- Every bearer handle: codes, access, refresh and registration tokens, and
-- authorization requests that wait for a person.
CREATE TABLE charter_tokens (
  digest        VARCHAR(43) NOT NULL PRIMARY KEY, -- [digest]
  kind          VARCHAR(32) NOT NULL,             -- [state]
  grant_id      VARCHAR(64) NOT NULL,             -- [public] '' for kinds without a grant
  client_id     TEXT        NOT NULL,             -- [public]
  client_digest VARCHAR(43) NOT NULL,             -- [digest] of client_id for kinds without a grant, else ''
  scopes        TEXT        NOT NULL,             -- [state] JSON
  resources     TEXT        NOT NULL,             -- [state] JSON
  parameters    TEXT        NOT NULL,             -- [personal] JSON; a request may have a login_hint
  props         TEXT        NOT NULL,             -- [sealed]
  wrapped_key   TEXT        NOT NULL,             -- [sealed]
  created_at    BIGINT      NOT NULL,             -- [state]
  expires_at    BIGINT      NOT NULL,             -- [state]
  consumed_at   BIGINT      NOT NULL,             -- [state]
  successor     VARCHAR(43) NOT NULL,             -- [digest]
  reply         TEXT        NOT NULL,             -- [sealed]
  sweep_at      BIGINT      NOT NULL              -- [state] expires_at; 0 once consumed under a grant, whose end it then waits for
);
CREATE INDEX charter_tokens_grant ON charter_tokens (grant_id);
CREATE INDEX charter_tokens_client ON charter_tokens (client_digest);
CREATE INDEX charter_tokens_sweep ON charter_tokens (sweep_at);

-- People signed in at a browser.
CREATE TABLE charter_sessions (
  digest     VARCHAR(43)  NOT NULL PRIMARY KEY, -- [digest]
  id         VARCHAR(64)  NOT NULL,             -- [public]
  subject    VARCHAR(255) NOT NULL,             -- [personal]
  auth_time  BIGINT       NOT NULL,             -- [personal]
  methods    TEXT         NOT NULL,             -- [personal] JSON
  parameters TEXT         NULL,                 -- [personal] JSON
  created_at BIGINT       NOT NULL,             -- [state]
  expires_at BIGINT       NOT NULL              -- [state]
);
CREATE UNIQUE INDEX charter_sessions_id ON charter_sessions (id);
CREATE INDEX charter_sessions_subject ON charter_sessions (subject);
CREATE INDEX charter_sessions_expiry ON charter_sessions (expires_at);

-- People known to the built-in pages.
CREATE TABLE charter_accounts (
  id            VARCHAR(255) NOT NULL PRIMARY KEY, -- [personal]
  name          VARCHAR(255) NOT NULL,             -- [personal]
  password_hash VARCHAR(512) NOT NULL,             -- [digest] argon2id
  claims        TEXT         NOT NULL,             -- [personal] JSON
  disabled_at   BIGINT       NOT NULL,             -- [state]
  revision      BIGINT       NOT NULL,             -- [state]
  created_at    BIGINT       NOT NULL,             -- [state]
  updated_at    BIGINT       NOT NULL              -- [state]
);
CREATE UNIQUE INDEX charter_accounts_name ON charter_accounts (name);

-- The server's own keys. The columns' names keep clear of reserved words.
CREATE TABLE charter_keys (
  id             VARCHAR(128) NOT NULL PRIMARY KEY, -- [public]
  key_use        VARCHAR(32)  NOT NULL,             -- [public]
  algorithm      VARCHAR(32)  NOT NULL,             -- [public]
  key_generation BIGINT       NOT NULL,             -- [public]
  sealed         TEXT         NOT NULL,             -- [sealed] under the key-encryption key
  public_key     TEXT         NOT NULL,             -- [public] JWK
  created_at     BIGINT       NOT NULL,             -- [state]
  active_at      BIGINT       NOT NULL,             -- [state]
  retired_at     BIGINT       NOT NULL,             -- [state]
  expires_at     BIGINT       NOT NULL              -- [state]
);
CREATE UNIQUE INDEX charter_keys_generation ON charter_keys (key_use, algorithm, key_generation);
CREATE INDEX charter_keys_expiry ON charter_keys (expires_at);

-- What was seen once and must not be seen again.
CREATE TABLE charter_marks (
  id         VARCHAR(43) NOT NULL PRIMARY KEY, -- [digest] of scope and id
  expires_at BIGINT      NOT NULL              -- [state]
);
CREATE INDEX charter_marks_expiry ON charter_marks (expires_at);

-- Attempts within a window.
CREATE TABLE charter_counters (
  id         VARCHAR(43) NOT NULL PRIMARY KEY, -- [digest] of scope and id
  amount     BIGINT      NOT NULL,             -- [state]
  expires_at BIGINT      NOT NULL              -- [state]
);
CREATE INDEX charter_counters_expiry ON charter_counters (expires_at);

-- Messages that wait to be handed over.
CREATE TABLE charter_deliveries (
  id         VARCHAR(64) NOT NULL PRIMARY KEY, -- [state]
  client_id  TEXT        NOT NULL,             -- [public]
  target     TEXT        NOT NULL,             -- [public]
  payload    TEXT        NOT NULL,             -- [personal] JSON
  attempts   BIGINT      NOT NULL,             -- [state]
  next_at    BIGINT      NOT NULL,             -- [state] when it may be claimed: the end of a lease while it is
  created_at BIGINT      NOT NULL,             -- [state]
  expires_at BIGINT      NOT NULL              -- [state]
);
CREATE INDEX charter_deliveries_due ON charter_deliveries (next_at);
CREATE INDEX charter_deliveries_expiry ON charter_deliveries (expires_at);

-- The audit trail.
CREATE TABLE charter_events (
  id        VARCHAR(64)  NOT NULL PRIMARY KEY, -- [state]
  at        BIGINT       NOT NULL,             -- [state]
  reason    VARCHAR(64)  NOT NULL,             -- [state]
  client_id TEXT         NOT NULL,             -- [public]
  subject   VARCHAR(255) NOT NULL,             -- [personal]
  grant_id  VARCHAR(64)  NOT NULL,             -- [public]
  address   VARCHAR(64)  NOT NULL,             -- [personal]
  detail    TEXT         NOT NULL              -- [personal] JSON
);

INSERT INTO charter_schema (id, version, compatible, applied_at) VALUES (1, 2, 1, 0);
