package redisstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/charterauth/charter/impl/store"
)

//go:embed lua
var lua embed.FS

// script returns the script of a verb: common.lua, then its own file.
func script(verb string) *redis.Script {
	text := ""
	for _, name := range []string{"common", verb} {
		part, err := lua.ReadFile("lua/" + name + ".lua")
		if err != nil {
			panic(err) // the files are embedded: a name is misspelled
		}
		text += string(part) + "\n"
	}
	return redis.NewScript(text)
}

// The outcomes that scripts return as text.
var outcomes = map[string]error{
	"ok":       nil,
	"notfound": store.ErrNotFound,
	"consumed": store.ErrConsumed,
	"conflict": store.ErrConflict,
}

// call runs a script that changes something or nothing and returns its answer.
// Once sent, it is awaited whatever becomes of ctx: a caller that gave up must
// find all of it or nothing.
func (s *Store) call(ctx context.Context, verb *redis.Script, args ...any) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, unavailable(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	answer, err := verb.Run(ctx, s.client, []string{s.tag}, args...).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, unavailable(err)
	}
	return answer, nil
}

// change runs a script that changes something and answers with an outcome, and
// waits for the replicas.
func (s *Store) change(ctx context.Context, verb *redis.Script, args ...any) error {
	answer, err := s.write(ctx, verb, args...)
	if err != nil {
		return err
	}
	return outcome(answer)
}

func outcome(answer any) error {
	text, _ := answer.(string)
	err, known := outcomes[text]
	if !known {
		return fmt.Errorf("%w: a script answered %T", store.ErrUnavailable, answer)
	}
	return err
}

// write is call for scripts that change something. WAIT counts the replicas that
// have what this connection wrote, so both go over one.
func (s *Store) write(ctx context.Context, verb *redis.Script, args ...any) (any, error) {
	single, ok := s.client.(*redis.Client)
	if s.replicas == 0 || !ok {
		return s.call(ctx, verb, args...)
	}
	conn := single.Conn()
	defer conn.Close()
	if err := ctx.Err(); err != nil {
		return nil, unavailable(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	answer, err := verb.Run(ctx, conn, []string{s.tag}, args...).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, unavailable(err)
	}
	have, err := conn.Wait(ctx, s.replicas, replicaTimeout).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	if have < int64(s.replicas) {
		return nil, fmt.Errorf("%w: %d of %d replicas have the write", store.ErrUnavailable, have, s.replicas)
	}
	return answer, nil
}

// replicaTimeout is how long a write waits for its replicas.
const replicaTimeout = 2 * time.Second

// rows reads an answer that is a list of hashes.
func rows(answer any) ([]fields, error) {
	list, ok := answer.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: a script answered %T, not a list", store.ErrUnavailable, answer)
	}
	out := make([]fields, 0, len(list))
	for _, item := range list {
		flat, ok := item.([]any)
		if !ok {
			return nil, fmt.Errorf("%w: a script answered a list of %T", store.ErrUnavailable, item)
		}
		f := make(fields, len(flat)/2)
		for i := 0; i+1 < len(flat); i += 2 {
			name, _ := flat[i].(string)
			f[name], _ = flat[i+1].(string)
		}
		out = append(out, f)
	}
	return out, nil
}

// one reads an answer that is one hash, or an outcome.
func one(answer any) (fields, error) {
	if _, ok := answer.(string); ok {
		return nil, outcome(answer)
	}
	list, err := rows(answer)
	if err != nil || len(list) != 1 {
		return nil, errors.Join(err, outcome(answer))
	}
	return list[0], nil
}

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}
