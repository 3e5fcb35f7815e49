package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A draining server is not ready, answers all the same, and sends clients away.
func TestDrain(t *testing.T) {
	x := newTokenTest(t)
	if err := x.server.Ready(context.Background()); err != nil {
		t.Fatal(err)
	}
	before := x.ok(x.post("/token", as("C1"), machineForm))
	x.server.Drain()
	after := x.ok(x.post("/token", as("C1"), machineForm))
	if before.header.Get("Connection") != "" || after.header.Get("Connection") != "close" {
		t.Errorf("Connection %q, then %q", before.header.Get("Connection"), after.header.Get("Connection"))
	}
	if x.server.Ready(context.Background()) == nil {
		t.Error("Ready is nil")
	}
	x.refused("readiness", x.do(httptest.NewRequest(http.MethodGet, x.server.issuer.identifier+"/readyz", nil)), http.StatusServiceUnavailable, "temporarily_unavailable")
}
