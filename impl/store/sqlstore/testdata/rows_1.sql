-- What a program of schema version 1 writes, as it wrote it. {} is A or E.
INSERT INTO charter_clients (id, metadata, secrets, source, fingerprint, fingerprint_slot, shared, insecure_no_pkce, disabled_at, revision, created_at, updated_at, last_used_at, expires_at)
  VALUES ('client-{}', '{"client_name":"One"}', '[{"hash":"sha256:x","created_at":"2026-11-01T00:00:00Z","expires_at":"0001-01-01T00:00:00Z"}]', 'operator', '', NULL, 0, 0, 0, 1, 1793491200000000, 1793491200000000, 0, 0);
INSERT INTO charter_grants (id, subject, client_id, client_digest, scopes, resources, redirect_uri, props, metadata, auth_time, created_at, last_used_at, expires_at, revoked_at)
  VALUES ('grant-{}', 'subject-{}', 'client-{}', 'digest', '["read"]', '["https://api.example"]', 'https://client.example/cb', 'cHJvcHM', '{"plan":"free"}', 1793491200000000, 1793491200000000, 1793491200000000, 0, 0);
INSERT INTO charter_tokens (digest, kind, grant_id, client_id, client_digest, scopes, resources, parameters, props, wrapped_key, created_at, expires_at, consumed_at, successor, reply, sweep_at)
  VALUES ('AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB{}', 'refresh_token', 'grant-{}', 'client-{}', '', '["read"]', '["https://api.example"]', '', '', 'a2V5', 1793491200000000, 0, 0, '', '', 0);
INSERT INTO charter_sessions (digest, id, subject, auth_time, methods, created_at, expires_at)
  VALUES ('AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAC{}', 'session-{}', 'subject-{}', 1793491200000000, '["pwd"]', 1793491200000000, 1893491200000000);
INSERT INTO charter_accounts (id, name, password_hash, claims, disabled_at, revision, created_at, updated_at)
  VALUES ('subject-{}', 'name-{}', '$argon2id$', '', 0, 1, 1793491200000000, 1793491200000000);
INSERT INTO charter_keys (id, key_use, algorithm, key_generation, sealed, public_key, created_at, active_at, retired_at, expires_at)
  VALUES ('key-{}', 'use-{}', 'ES256', 1, 'c2VhbGVk', '{"kty":"EC"}', 1793491200000000, 1793491200000000, 0, 0);
INSERT INTO charter_marks (id, expires_at) VALUES ('mark-{}', 1893491200000000);
INSERT INTO charter_counters (id, amount, expires_at) VALUES ('counter-{}', 3, 1893491200000000);
INSERT INTO charter_events (id, at, reason, client_id, subject, grant_id, address, detail)
  VALUES ('event-{}', 1793491200000000, 'grant_created', 'client-{}', 'subject-{}', 'grant-{}', '192.0.2.1', '');
