package attacks_test

import (
	"math"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store/memory"
)

// timingVariable turns the measurement on. It wants a quiet machine, and so is no
// part of go test: that the comparisons are constant-time is shown by source, in
// TestSecretsAreComparedInConstantTime.
const timingVariable = "CHARTER_TEST_TIMING"

// How long an answer takes does not tell what of a secret was right: Welch's t-test
// sees no difference.
func TestTiming(t *testing.T) {
	if os.Getenv(timingVariable) == "" {
		t.Skip("a measurement, for a quiet machine: set " + timingVariable)
	}
	w := newWorld(t, memory.New())
	revoked := w.Token(w.app, w.app.Exchange(w.code(), nil)).Access
	w.posts(gen.PathRevoke, url.Values{"token": {revoked}, "client_id": {w.app.ID}}, nil)
	authenticate := func(id, secret string) func() {
		return w.timed(gen.PathToken, url.Values{"grant_type": {"client_credentials"}}, basicHeader(id, secret))
	}
	introspect := func(token string) func() {
		return w.timed(gen.PathIntrospect, url.Values{"token": {token}}, w.basic())
	}
	other := func(s string, at int) string { return s[:at] + string(s[at]^1) + s[at+1:] }
	last := len(w.machine.Secret) - 1
	for _, pair := range []struct {
		name string
		a, b func()
		same bool
	}{
		{"first and last byte of a secret", authenticate(w.machine.ID, other(w.machine.Secret, 6)), authenticate(w.machine.ID, other(w.machine.Secret, last)), true},
		{"middle and last byte of a secret", authenticate(w.machine.ID, other(w.machine.Secret, last/2)), authenticate(w.machine.ID, other(w.machine.Secret, last)), true},
		// The controls: what is no secret differs, and the measurement sees it. Who
		// can ask has the identifier or the whole token already.
		{"an unknown client and a wrong secret", authenticate("unknown", w.machine.Secret), authenticate(w.machine.ID, "wrong"), false},
		{"an unknown and a revoked token", introspect(seal.NewToken(seal.PrefixAccessToken)), introspect(revoked), false},
		{"a short and a long body", introspect("x"), introspect(strings.Repeat("x", 8000)), false},
	} {
		score := welch(pair.a, pair.b, 20_000)
		t.Logf("%s: t = %.2f", pair.name, score)
		if (math.Abs(score) < 5) != pair.same {
			t.Errorf("%s: t = %.2f", pair.name, score)
		}
	}
}

// timed is a request that is made anew for each call.
func (w *world) timed(path string, form url.Values, header http.Header) func() {
	body := form.Encode()
	return func() {
		r, _ := http.NewRequest(http.MethodPost, servertest.Issuer+path, strings.NewReader(body))
		r.Header = header.Clone()
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w.ServeHTTP(discard{http.Header{}}, r)
	}
}

// discard is a ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// welch measures a and b in turns, leaves out the slowest tenth of each, which is
// the machine's, and returns Welch's t.
func welch(a, b func(), samples int) float64 {
	var times [2][]float64
	calls := []func(){a, b}
	for n := range 2 * samples {
		i := (n + n/2) % 2 // a b b a: what comes before is the same for both
		start := time.Now()
		calls[i]()
		times[i] = append(times[i], float64(time.Since(start)))
	}
	var mean, variance [2]float64
	for i := range times {
		slices.Sort(times[i])
		kept := times[i][:samples*9/10]
		for _, x := range kept {
			mean[i] += x / float64(len(kept))
		}
		for _, x := range kept {
			variance[i] += (x - mean[i]) * (x - mean[i]) / float64(len(kept)-1)
		}
		variance[i] /= float64(len(kept))
	}
	return (mean[0] - mean[1]) / math.Sqrt(variance[0]+variance[1])
}
