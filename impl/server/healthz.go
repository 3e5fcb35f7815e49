package server

import (
	"context"
	"time"

	"github.com/charterauth/charter/gen"
)

// Healthz says that the process answers. It asks nothing else, so that a lost
// database does not get the process killed.
func (s protocol) Healthz(context.Context, *gen.HealthzInput) (gen.HealthzOutput, error) {
	return &gen.Healthz200{Body: gen.Health{Status: "ok"}}, nil
}

// Readyz says whether requests can be served now: whether the store can write,
// and the server is not about to stop.
func (s protocol) Readyz(ctx context.Context, _ *gen.ReadyzInput) (gen.ReadyzOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		return nil, err
	}
	return &gen.Readyz200{Body: gen.Health{Status: "ok"}}, nil
}

// readyTimeout is shorter than the time after which load balancers give up.
const readyTimeout = 2 * time.Second
