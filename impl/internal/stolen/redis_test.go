package stolen

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// redisTables name the table of the schema that a kind of hash corresponds to, so
// that its fields have declared classes too.
var redisTables = map[string]string{
	"client": "charter_clients", "grant": "charter_grants", "token": "charter_tokens", "session": "charter_sessions",
	"account": "charter_accounts", "key": "charter_keys", "delivery": "charter_deliveries", "event": "charter_events",
	"counter": "charter_counters",
}

// redisColumns are the fields that the schema names otherwise.
var redisColumns = map[string]string{
	"charter_keys.use": "key_use", "charter_keys.generation": "key_generation", "charter_keys.public": "public_key",
}

// redisIndexes are the classes of the keys that are no records.
var redisIndexes = map[string]string{
	"account-by-name": "personal", "sessions-by-subject": "personal", "grants-by-subject": "personal", "all": "personal", // accounts are listed by ID
	"clients-by-fingerprint": "digest", "grants-by-client_id": "public", "grants-by-session_id": "public", "tokens-of-client": "digest",
	"tokens-of-grant": "digest", "session-by-id": "digest", "key-by-generation": "public", "due": "personal", "next": "state", "mark": "digest", "ping": "state",
}

// sealedFields are kept as bytes; a row has them as the SQL stores do.
var sealedFields = map[string]bool{"props": true, "wrapped_key": true, "reply": true, "sealed": true}

// readRedis reads every key, as rows.
func readRedis(t *testing.T, addr string) (all []row) {
	t.Helper()
	ctx, c := context.Background(), redis.NewClient(&redis.Options{Addr: addr})
	defer c.Close()
	keys, err := c.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		parts := strings.SplitN(key, ":", 3) // {tag}:kind:id
		kind, id := parts[1], strings.Join(parts[2:], "")
		class, index := redisIndexes[kind]
		table, record := redisTables[kind]
		switch {
		case index:
			all = append(all, row{"index of " + class, map[string]string{kind: id + " " + strings.Join(members(t, c, key), " ")}})
		case record:
			fields, err := c.HGetAll(ctx, key).Result()
			if err != nil {
				t.Fatal(err)
			}
			r := row{table, make(map[string]string)}
			for name, value := range fields {
				if sealedFields[name] {
					value = base64.RawURLEncoding.EncodeToString([]byte(value))
				}
				if other, ok := redisColumns[table+"."+name]; ok {
					name = other
				}
				r.values[name] = value
			}
			all = append(all, r)
		default:
			t.Errorf("%s is of no declared kind", key)
		}
	}
	return all
}

// members returns what is in a key that is no hash.
func members(t *testing.T, c *redis.Client, key string) (all []string) {
	t.Helper()
	ctx := context.Background()
	kind, err := c.Type(ctx, key).Result()
	if err == nil {
		switch kind {
		case "set":
			all, err = c.SMembers(ctx, key).Result()
		case "zset":
			all, err = c.ZRange(ctx, key, 0, -1).Result()
		case "string":
			var value string
			value, err = c.Get(ctx, key).Result()
			all = []string{value}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}
