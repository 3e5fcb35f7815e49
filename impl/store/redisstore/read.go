package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"
)

var (
	readRecord  = script("read")
	listRecords = script("list")
)

// readOne runs a script that finds one record.
func readOne[T any](ctx context.Context, s *Store, parse func(fields) (T, error), verb *redis.Script, args ...any) (zero T, err error) {
	answer, err := s.call(ctx, verb, args...)
	if err != nil {
		return zero, err
	}
	f, err := one(answer)
	if err != nil {
		return zero, err
	}
	return parsed(f, parse)
}

// readAll runs a script that finds several.
func readAll[T any](ctx context.Context, s *Store, parse func(fields) (T, error), verb *redis.Script, args ...any) ([]T, error) {
	answer, err := s.call(ctx, verb, args...)
	if err != nil {
		return nil, err
	}
	return parseAll(answer, parse)
}

func parseAll[T any](answer any, parse func(fields) (T, error)) (out []T, err error) {
	found, err := rows(answer)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		v, err := parsed(f, parse)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// parsed is parse; a hash that does not hold a record is the engine's failure.
func parsed[T any](f fields, parse func(fields) (T, error)) (T, error) {
	v, err := parse(f)
	return v, unavailable(err)
}
