package redisstore_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/charterauth/charter/impl/internal/nthcall"
)

// A failingWire is between a store and its engine. It fails the calls that a
// verb makes, and lets through what a client says of itself when it connects.
type failingWire struct {
	addr   string
	engine string

	mu     sync.Mutex
	armed  bool
	n      int  // the call to fail, from 1
	every  bool // that call and all after it
	after  bool // the call happens, and its answer is lost
	says   string
	calls  int
	failed bool
}

var _ nthcall.Engine = (*failingWire)(nil)

// An engineSays is an error of the engine, as it stands on the wire.
type engineSays string

func (e engineSays) Error() string { return string(e) }

// newFailingWire starts a wire to an engine, which ends with the test.
func newFailingWire(t *testing.T, engine string) *failingWire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w := &failingWire{addr: l.Addr().String(), engine: engine}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go w.serve(conn)
		}
	}()
	return w
}

// Arm implements nthcall.Engine. A fault that is not of the engine cuts the
// connection.
func (w *failingWire) Arm(n int, every, after bool, f nthcall.Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	says, _ := f.Err.(engineSays)
	w.armed, w.n, w.every, w.after, w.says, w.calls, w.failed = true, n, every, after, string(says), 0, false
}

// Disarm implements nthcall.Engine.
func (w *failingWire) Disarm() (calls int, failed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = false
	return w.calls, w.failed
}

// fails counts a call, and says how it fails.
func (w *failingWire) fails() (fails, after bool, says string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.armed {
		return false, false, ""
	}
	w.calls++
	fails = w.calls == w.n || w.every && w.calls > w.n
	w.failed = w.failed || fails
	return fails, w.after, w.says
}

// serve passes commands on, one at a time with its answer: a verb waits for its
// own, and so does the greeting, whose commands come together.
func (w *failingWire) serve(client net.Conn) {
	defer client.Close()
	engine, err := net.Dial("tcp", w.engine)
	if err != nil {
		return
	}
	defer engine.Close()
	from, back := bufio.NewReader(client), bufio.NewReader(engine)
	for {
		verb, command, err := readCommand(from)
		if err != nil {
			return
		}
		var fails, after bool
		var says string
		switch verb {
		case "EVALSHA", "EVAL", "WAIT":
			fails, after, says = w.fails()
		}
		if fails && !after && says == "" {
			return
		}
		if fails && !after {
			if _, err := fmt.Fprintf(client, "-%s\r\n", says); err != nil {
				return
			}
			continue
		}
		if _, err := engine.Write(command); err != nil {
			return
		}
		answer, err := readAnswer(back)
		if err != nil || fails {
			return
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

// readCommand reads an array of bulk strings, which is what clients send.
func readCommand(r *bufio.Reader) (verb string, raw []byte, err error) {
	raw, err = readAnswer(r)
	if err != nil {
		return "", nil, err
	}
	lines := strings.SplitN(string(raw), "\r\n", 4)
	if len(lines) < 4 || raw[0] != '*' {
		return "", nil, fmt.Errorf("not a command: %q", raw)
	}
	return strings.ToUpper(lines[2]), raw, nil
}

// readAnswer reads one value of the protocol (RESP 2 and 3), whatever it holds.
func readAnswer(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(line[1:])))
	switch line[0] {
	case '$', '=', '!': // so many bytes
		if n < 0 {
			return line, nil
		}
		body := make([]byte, n+2)
		_, err := io.ReadFull(r, body)
		return append(line, body...), err
	case '%': // pairs
		n *= 2
	case '*', '~', '>': // values
	default:
		return line, nil
	}
	for range n {
		value, err := readAnswer(r)
		if err != nil {
			return nil, err
		}
		line = append(line, value...)
	}
	return line, nil
}
