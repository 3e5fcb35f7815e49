package e2e

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// mcpExample is impl/examples/mcp, built once.
var mcpExample = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(binary), "mcp")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "github.com/charterauth/charter/impl/examples/mcp").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// A notesServer is the example MCP server behind a Charter.
type notesServer struct {
	*charter
	url      string
	document string // the URL of a client's metadata document that this Charter can fetch
}

// serveNotes starts both, with a client metadata document beside them.
func serveNotes(t *testing.T) *notesServer {
	t.Helper()
	n := &notesServer{url: "http://" + freeAddress(t) + "/mcp"}
	authority := n.serveDocument(t)
	n.charter = serve(t, "", "--resource", n.url, "--scope", "notes:read,notes:write", "--trust-ca", authority, "--insecure-fetch-loopback")
	path, err := mcpExample()
	if err != nil {
		t.Fatal(err)
	}
	rs := n.resourceServer()
	cmd := exec.Command(path)
	cmd.Env = append(environment(), "MCP_URL="+n.url, "ISSUER="+n.issuer, "CLIENT_ID="+rs.ID, "CLIENT_SECRET="+rs.Secret)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if said.Len() > 0 {
			t.Logf("the example wrote to standard error:\n%s", &said)
		}
	})
	for range 100 {
		if res, err := http.Get(n.url); err == nil {
			res.Body.Close()
			return n
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the example does not answer")
	return nil
}

// freeAddress is an address on which nobody listened a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serveDocument serves the metadata document of a native client, and returns the
// file with the certificate to trust.
func (n *notesServer) serveDocument(t *testing.T) (authority string) {
	t.Helper()
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"client_id":"`+n.document+`","client_name":"An MCP client","application_type":"native",
			"redirect_uris":["http://127.0.0.1/callback"],"grant_types":["authorization_code","refresh_token"],
			"token_endpoint_auth_method":"none"}`)
	}))
	t.Cleanup(site.Close)
	n.document = site.URL + "/client.json"
	authority = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: site.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return authority
}

// A holder is a person at the pages of a Charter, who is asked several times.
type holder struct {
	*browser
	charter  *charter
	signedIn bool
}

// allow opens the URL of an authorization request and allows it.
func (h *holder) allow(url string) {
	if !h.signedIn {
		h.signIn(url, h.charter.user, h.charter.password)
		h.signedIn = true
	} else {
		h.Do("open the consent page", chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS("button[value=allow]")))
		h.Look("step-up")
	}
	h.decide("allow")
}

// revoke ends the access of the one app that the person has, at /apps.
func (h *holder) revoke() {
	h.Do("open the connected apps", chromedp.Navigate(h.charter.issuer+"/apps"), chromedp.WaitVisible(chromedp.CSS("button[value=one]")))
	h.Look("apps")
	h.Do("revoke", chromedp.Click(chromedp.CSS("button[value=one]")), chromedp.WaitVisible(chromedp.CSS(".empty")))
}

// onEveryRegistration runs a test with a client that registers itself, and with
// one that is known by its metadata document.
func onEveryRegistration(t *testing.T, test func(t *testing.T, n *notesServer, document string)) {
	t.Run("registered", func(t *testing.T) { test(t, serveNotes(t), "") })
	t.Run("metadata document", func(t *testing.T) {
		n := serveNotes(t)
		test(t, n, n.document)
	})
}

// checkAsked: the person was asked for what each step needs, once, and again when
// there was no access any more. offline_access is between an SDK and the
// authorization server.
func checkAsked(t *testing.T, asked []string) {
	t.Helper()
	for i, scope := range asked {
		words := slices.DeleteFunc(strings.Fields(scope), func(word string) bool { return word == "offline_access" })
		slices.Sort(words)
		asked[i] = strings.Join(words, " ")
	}
	if len(asked) != 3 || asked[0] != "notes:read" || asked[1] != "notes:read notes:write" {
		t.Errorf("the person was asked for %q", asked)
	}
}
