package faults

import (
	"os"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
)

func TestMain(m *testing.M) { os.Exit(fleet.Main(m)) }

// long is how long a test that repeats a fault goes on.
func long(t *testing.T, short time.Duration) time.Duration {
	t.Helper()
	value := os.Getenv("CHARTER_TEST_LONG")
	if value == "" {
		return short
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		t.Fatalf("CHARTER_TEST_LONG: %v", err)
	}
	return d
}
