package linear

import (
	"math"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/charterauth/charter/impl/internal/fleet"
)

// op is one request that lasts from one instant to another.
func op(from, to int64, in input, out output) porcupine.Operation {
	return porcupine.Operation{Input: in, Output: out, Call: from, Return: to}
}

// The model accepts what the standards allow and nothing more.
func TestModel(t *testing.T) {
	first, second := output{access: "a1", refresh: "r1"}, output{access: "a2", refresh: "r2"}
	third, no, lost := output{access: "a3", refresh: "r3"}, output{outcome: fleet.Refused}, output{outcome: fleet.Unknown}
	use := func(token string) input { return input{refresh, token} }
	look := func(token string) input { return input{introspect, token} }
	end, active, inactive := input{verb: revoke}, output{active: true}, output{}
	code, never := input{verb: redeem}, int64(math.MaxInt64)
	for _, row := range []struct {
		name string
		ops  []porcupine.Operation
		want bool
	}{
		{"a chain", []porcupine.Operation{op(0, 1, code, first), op(2, 3, use("r1"), second), op(4, 5, look("a1"), active), op(6, 7, look("r1"), inactive)}, true},
		{"a code twice", []porcupine.Operation{op(0, 1, code, first), op(2, 3, code, second)}, false},
		{"two racers for a code", []porcupine.Operation{op(0, 9, code, first), op(0, 9, code, no), op(10, 11, look("a1"), inactive)}, true},
		{"a replay ends the grant", []porcupine.Operation{op(0, 1, code, first), op(2, 3, code, no), op(4, 5, look("a1"), active)}, false},
		{"a retry gets the same", []porcupine.Operation{op(0, 1, code, first), op(2, 3, use("r1"), second), op(4, 5, use("r1"), second)}, true},
		{"a retry gets others", []porcupine.Operation{op(0, 1, code, first), op(2, 3, use("r1"), second), op(4, 5, use("r1"), third)}, false},
		{"reuse ends the grant", []porcupine.Operation{op(0, 1, code, first), op(2, 3, use("r1"), second), op(4, 5, use("r2"), third), op(6, 7, use("r1"), no), op(8, 9, look("a3"), inactive)}, true},
		{"reuse ends nothing", []porcupine.Operation{op(0, 1, code, first), op(2, 3, use("r1"), second), op(4, 5, use("r2"), third), op(6, 7, use("r1"), no), op(8, 9, look("a3"), active)}, false},
		{"an answer that was lost is told to the retry", []porcupine.Operation{op(0, 1, code, first), op(2, never, use("r1"), lost), op(4, 5, use("r1"), second), op(6, 7, use("r2"), third)}, true},
		{"a lost revocation may have happened", []porcupine.Operation{op(0, 1, code, first), op(2, never, end, lost), op(4, 5, look("a1"), active), op(6, 7, look("a1"), inactive)}, true},
		{"and is not taken back", []porcupine.Operation{op(0, 1, code, first), op(2, never, end, lost), op(4, 5, look("a1"), inactive), op(6, 7, look("a1"), active)}, false},
		{"a revocation holds from its answer", []porcupine.Operation{op(0, 1, code, first), op(2, 3, end, output{}), op(4, 5, look("a1"), active)}, false},
		{"an acknowledged token is known", []porcupine.Operation{op(0, 1, code, first), op(2, 3, look("a1"), inactive)}, false},
		{"a good token is not refused", []porcupine.Operation{op(0, 1, code, first), op(2, 3, use("r1"), no)}, false},
	} {
		if got := porcupine.CheckOperations(model.ToModel(), row.ops); got != row.want {
			t.Errorf("%s: linearizable %v", row.name, got)
		}
	}
}
