package redisstore

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
)

// sentOnce keeps the client of a cluster from sending a command again whose
// answer was lost. It has no option for that: it sends again what MOVED and
// CLUSTERDOWN answer, which was not carried out, and, by the same rule, what a
// connection was lost under, which may have been.
type sentOnce struct{}

// A lostAnswer hides what kind of error it was, by which the client decides.
type lostAnswer struct{ why string }

func (e lostAnswer) Error() string { return "the answer was lost: " + e.why }

// DialHook implements redis.Hook.
func (sentOnce) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook implements redis.Hook. No verb uses a pipeline.
func (sentOnce) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook implements redis.Hook.
func (sentOnce) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil || neverSent(err) {
			return err
		}
		if _, answered := errors.AsType[redis.Error](err); answered {
			return err
		}
		lost := lostAnswer{err.Error()}
		cmd.SetErr(lost)
		return lost
	}
}

// neverSent reports whether there was no connection to send on.
func neverSent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial" || errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted)
}
