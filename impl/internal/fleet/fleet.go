package fleet

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/seal"
)

// Options say what fleet to start. The zero value is one process over an
// embedded database.
type Options struct {
	Binary    string   // "": Binary's
	Store     string   // --store; "": an SQLite file of the test's own
	Ways      []string // --store of each process, where they reach the store in different ways
	Processes int      // 0: one
	Flags     []string
	Env       []string
	Log       io.Writer // of all processes together; nil: the test's, when it fails
}

// A Fleet is some processes over one database, behind one TCP balancer that is
// their issuer.
type Fleet struct {
	Issuer    string
	Processes []*Process
	Balancer  *Relay
	People    []Account // who can sign in; the first account, and those that AddPeople has added

	inService atomic.Pointer[[]string] // addresses, for the balancer

	binary string
	store  string
	env    []string
	t      testing.TB
}

// An Account is what somebody signs in with.
type Account struct{ Name, Password string }

// Start starts a fleet, which ends with the test.
func Start(t testing.TB, o Options) *Fleet {
	t.Helper()
	f := newFleet(t, o)
	log := o.Log
	if log == nil {
		log = &failureLog{t: t}
		t.Cleanup(log.(*failureLog).tell)
	}
	log = &lockedWriter{w: log}
	for i := range max(o.Processes, 1) {
		addr, way := FreeAddr(t), f.store
		if o.Ways != nil {
			way = o.Ways[i]
		}
		f.Processes = append(f.Processes, &Process{
			Addr: addr, binary: f.binary, env: f.env, log: log,
			args: append([]string{"serve", "--store", way, "--data", t.TempDir(), "--issuer", f.Issuer, "--listen", addr, "--registration", "open", "--trusted-proxy", "127.0.0.0/8"}, o.Flags...),
		})
	}
	for i, p := range f.Processes {
		account, err := p.Start()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Kill)
		if i == 0 {
			f.People = []Account{account}
		}
	}
	f.checkHealth()
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go f.keepCheckingHealth(stop)
	return f
}

// healthInterval is how often the balancer looks.
const healthInterval = 100 * time.Millisecond

func (f *Fleet) keepCheckingHealth(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(healthInterval):
			f.checkHealth()
		}
	}
}

// checkHealth puts in service who is ready, and everybody where nobody is.
func (f *Fleet) checkHealth() {
	var addrs, all []string
	for _, p := range f.Processes {
		all = append(all, p.Addr)
		if Ready(p.Addr) {
			addrs = append(addrs, p.Addr)
		}
	}
	if addrs == nil {
		addrs = all
	}
	f.inService.Store(&addrs)
}

func newFleet(t testing.TB, o Options) *Fleet {
	t.Helper()
	f := &Fleet{binary: o.Binary, store: o.Store, t: t}
	if f.binary == "" {
		f.binary = Binary(t)
	}
	if f.store == "" {
		f.store = "sqlite:" + t.TempDir() + "/charter.db"
	}
	f.env = append(clean(os.Environ()), "CHARTER_KEY="+seal.GenerateKEK())
	f.env = append(f.env, o.Env...)
	f.Balancer = NewRelay(t, func() []string { return *f.inService.Load() })
	f.Issuer = "http://" + f.Balancer.Addr
	if !strings.HasPrefix(f.store, "sqlite:") && !strings.HasPrefix(f.store, "redis:") { // neither is an operator's to migrate
		f.Run("migrate", "--store", f.store)
	}
	return f
}

// Run runs another command of charter and returns what it prints.
func (f *Fleet) Run(args ...string) []byte {
	f.t.Helper()
	return f.run("", args...)
}

// AddPeople adds accounts, since one account's owner signs in only so often.
func (f *Fleet) AddPeople(n int) {
	f.t.Helper()
	for i := range n {
		a := Account{fmt.Sprintf("person-%d", i), seal.NewToken(seal.PrefixClientSecret)}
		f.run(a.Password+"\n", "accounts", "add", a.Name, "--password-stdin", "--store", f.store)
		f.People = append(f.People, a)
	}
}

func (f *Fleet) run(input string, args ...string) []byte {
	f.t.Helper()
	cmd := exec.Command(f.binary, args...)
	cmd.Env, cmd.Stdin = f.env, strings.NewReader(input)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("charter %s: %v\n%s", strings.Join(args, " "), err, &errors)
	}
	return out
}

// Store is the --store of the fleet.
func (f *Fleet) Store() string { return f.store }

// healthCheck does not wait for who is slow, nor keep connections.
var healthCheck = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// Ready asks a process whether it is ready for requests.
func Ready(addr string) bool {
	res, err := healthCheck.Get("http://" + addr + "/readyz")
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// FreeAddr returns an address of this machine on which nobody listens.
func FreeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// clean returns the environment without what would configure charter.
func clean(environment []string) []string {
	var kept []string
	for _, v := range environment {
		if !strings.HasPrefix(v, "CHARTER_") {
			kept = append(kept, v)
		}
	}
	return kept
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer // guarded by mu
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// A failureLog shows the end of what processes said when the test has failed.
type failureLog struct {
	t testing.TB
	b bytes.Buffer
}

const shownLog = 8 << 10

func (l *failureLog) Write(b []byte) (int, error) {
	if l.b.Len() > 64*shownLog {
		l.b.Next(l.b.Len() - shownLog)
	}
	return l.b.Write(b)
}

func (l *failureLog) tell() {
	if l.t.Failed() && l.b.Len() > 0 {
		text := l.b.Bytes()
		l.t.Logf("charter said, in the end:\n%s", text[max(0, len(text)-shownLog):])
	}
}
