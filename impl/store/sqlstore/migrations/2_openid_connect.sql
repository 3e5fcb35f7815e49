-- What OpenID Connect keeps: the issuer and the sign-in that a grant came from,
-- what is known of it, and messages to clients that have to arrive.
ALTER TABLE charter_grants ADD COLUMN issuer VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE charter_grants ADD COLUMN session_id VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE charter_grants ADD COLUMN parameters TEXT NULL;
CREATE INDEX charter_grants_session ON charter_grants (session_id);
ALTER TABLE charter_clients ADD COLUMN insecure_legacy_jwt SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE charter_sessions ADD COLUMN parameters TEXT NULL;

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
