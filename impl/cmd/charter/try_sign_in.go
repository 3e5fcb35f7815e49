package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/charterauth/charter/impl/pkce"
)

// A callback is the loopback address that the browser comes back to (RFC 8252
// §7.3).
type callback struct {
	uri      string
	listener net.Listener
	server   *http.Server
}

func listenCallback() (*callback, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot listen for the browser to come back: %w", err)
	}
	return &callback{uri: "http://" + l.Addr().String() + "/callback", listener: l}, nil
}

func (c *callback) close() {
	c.listener.Close()
	if c.server == nil {
		return
	}
	// The page that says so is still on its way to the browser.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	c.server.Shutdown(ctx)
}

// wait returns the first answer that carries the state of this request. Others
// are refused and change nothing: any page in the browser can send one.
func (c *callback) wait(ctx context.Context, state string) (url.Values, error) {
	answers := make(chan url.Values, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Referrer-Policy", "no-referrer")
		if len(q["state"]) != 1 || q.Get("state") != state {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, "This is not the answer to the request of charter try: its state is another.\n")
			return
		}
		select {
		case answers <- q:
		default: // a reload
		}
		io.WriteString(w, "Done. You can close this window and go back to the terminal.\n")
	})
	c.server = &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout}
	go c.server.Serve(c.listener)
	select {
	case q := <-answers:
		return q, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// signIn sends the person to the authorization endpoint and waits for the code.
func (t *trial) signIn(ctx context.Context, c *callback) (code, verifier string, err error) {
	verifier = rand.Text() + rand.Text() // 52 characters, 260 bits (RFC 7636 §4.1)
	state := rand.Text()
	to, err := url.Parse(t.metadata.AuthorizationEndpoint)
	if err != nil {
		return "", "", err
	}
	q := to.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": t.client.ID, "redirect_uri": c.uri, "state": state,
		"code_challenge": pkce.Challenge(verifier), "code_challenge_method": "S256",
		"scope": t.scope, "resource": t.resource,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	to.RawQuery = q.Encode()
	t.step("sign in", "%s", to)
	if !t.noBrowser {
		openBrowser(to.String())
	}
	answer, err := c.wait(ctx, state)
	if err != nil {
		return "", "", err
	}
	if err := t.checkAnswer(answer); err != nil {
		return "", "", err
	}
	t.step("code", "received; state and iss are right")
	return answer.Get("code"), verifier, nil
}

// checkAnswer holds the answer to RFC 6749 §4.1.2 and RFC 9207 §2.4.
func (t *trial) checkAnswer(answer url.Values) error {
	iss, sent := answer["iss"]
	if (sent || t.metadata.IssParameter) && (len(iss) != 1 || iss[0] != t.issuer) {
		return fmt.Errorf("the answer names issuer %q, not %q: a mix-up, and its code is not used", iss, t.issuer)
	}
	if code := answer.Get("error"); code != "" {
		return fmt.Errorf("the server answers %s: %s", printable(code), printable(answer.Get("error_description")))
	}
	if answer.Get("code") == "" {
		return fmt.Errorf("the answer has neither code nor error")
	}
	return nil
}

// openBrowser tries to show a URL; the URL is printed as well.
func openBrowser(to string) {
	var cmd *exec.Cmd
	switch runtime.GOOS {
	case "darwin":
		cmd = exec.Command("open", to)
	case "windows":
		cmd = exec.Command("rundll32", "url.dll,FileProtocolHandler", to)
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return
		}
		cmd = exec.Command("xdg-open", to)
	}
	if cmd.Start() == nil {
		go cmd.Wait()
	}
}
