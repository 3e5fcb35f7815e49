package gentest_test

import (
	"context"

	"github.com/charterauth/charter/impl/internal/gentest/probe"
)

type grants struct{}

var _ probe.TokenRequestHandlers[int, string] = grants{}

func (grants) AuthorizationCode(context.Context, int) (string, error) { return "code", nil }
func (grants) RefreshToken(context.Context, int) (string, error)      { return "refresh", nil }
