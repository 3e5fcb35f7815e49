package fleet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Process is one charter serve. It can be ended and started again any number of
// times, on the same port.
type Process struct {
	// Addr is where it listens.
	Addr string

	binary string
	args   []string
	env    []string
	log    io.Writer

	mu  sync.Mutex
	cmd *exec.Cmd // nil while it does not run; guarded by mu
}

// startTimeout bounds the time from start to the first request; it is generous,
// since the machine may be under load.
const startTimeout = 30 * time.Second

// Start runs the process and returns once it is ready. account is what it tells
// of the first account, when it made one.
func (p *Process) Start() (account Account, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return Account{}, errors.New("the process runs")
	}
	cmd := exec.Command(p.binary, p.args...)
	cmd.Env, cmd.Stderr = p.env, p.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return Account{}, err
	}
	if err := cmd.Start(); err != nil {
		return Account{}, err
	}
	late := time.AfterFunc(startTimeout, func() { cmd.Process.Kill() })
	defer late.Stop()
	account, ready := readAnnouncement(io.TeeReader(out, p.log))
	if !ready {
		return Account{}, fmt.Errorf("serve ended before it was ready: %v", cmd.Wait())
	}
	p.cmd = cmd
	return account, nil
}

// readAnnouncement reads what serve prints until it is ready.
func readAnnouncement(out io.Reader) (account Account, ready bool) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch fields := strings.Fields(lines.Text()); {
		case len(fields) == 0:
		case fields[0] == "ready":
			return account, true
		case fields[0] == "sign" && len(fields) >= 6: // sign in as USER password PASSWORD
			account = Account{fields[3], fields[5]}
		}
	}
	return Account{}, false
}

// Kill ends the process as a power cut would.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

// Terminate asks the process to end (SIGTERM), waits, and returns how it ended.
func (p *Process) Terminate() error { return p.end(syscall.SIGTERM) }

// Signal sends a signal, if the process runs.
func (p *Process) Signal(s os.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		p.cmd.Process.Signal(s)
	}
}

// PID returns the process's number; 0 while it does not run.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

func (p *Process) end(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	cmd := p.cmd
	p.cmd = nil
	cmd.Process.Signal(s)
	late := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer late.Stop()
	return cmd.Wait()
}
