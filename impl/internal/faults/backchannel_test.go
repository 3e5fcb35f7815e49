package faults

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/proof"
)

// A listener of logout requests: a relying party on a port of its own, with a
// certificate that no public authority vouches for.
type logoutListener struct {
	address string
	got     chan string // logout tokens, as they come
	server  *httptest.Server
}

// up lets it listen; hangs says that it does not answer.
func (l *logoutListener) up(t *testing.T, hangs chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	l.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.RequestURI != "/out?rp=1" {
			t.Errorf("%s %s", r.Method, r.RequestURI)
		}
		l.got <- r.PostFormValue("logout_token")
		if hangs != nil {
			select {
			case <-hangs:
			case <-r.Context().Done():
			}
		}
	}))
	l.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	l.server.Listener.Close()
	l.server.Listener = listener
	l.server.StartTLS()
	t.Cleanup(l.server.Close)
}

// next waits for a logout token.
func (l *logoutListener) next(t *testing.T) string {
	t.Helper()
	select {
	case token := <-l.got:
		return token
	case <-time.After(3 * time.Minute):
		t.Fatal("no logout token came")
		return ""
	}
}

// authority writes the certificate of httptest servers, for --trust-ca.
func authority(t *testing.T) string {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type logoutClaims struct {
	Subject   string                     `json:"sub"`
	SessionID string                     `json:"sid"`
	ID        string                     `json:"jti"`
	Nonce     *string                    `json:"nonce"`
	Events    map[string]json.RawMessage `json:"events"`
}

// verified is what go-oidc, which has no code with us in common, makes of a token.
func verified(t *testing.T, v *oidc.IDTokenVerifier, token string) (c logoutClaims) {
	t.Helper()
	checked, err := v.Verify(context.Background(), token)
	if err != nil {
		t.Fatalf("%s: %v", token, err)
	}
	if err := checked.Claims(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// A relying party that is down, then hangs, then answers is told of a logout in the
// end, though the server is killed between and in the middle of it; what it is told
// another library finds good; and the person waits for none of it.
func TestBackChannelLogout(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.5-1", "OIDC-BCLO-2.5-2", "OIDC-BCLO-2.4-12", "OIDC-BCLO-2.7-1", "ATK-146", "REL-36")
	rp := &logoutListener{address: fleet.FreeAddr(t), got: make(chan string, 100)}
	f := fleet.Start(t, fleet.Options{Flags: []string{"--trust-ca", authority(t), "--insecure-fetch-loopback"}})
	server, via, ctx := f.Processes[0], f.Via(nil), context.Background()
	c, app := f.RelyingParty("https://"+rp.address+"/out?rp=1"), f.Confidential()
	discovered, err := oidc.NewProvider(ctx, f.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	verifier := discovered.Verifier(&oidc.Config{ClientID: c.ID})
	var metadata struct {
		Supported        bool `json:"backchannel_logout_supported"`
		SessionSupported bool `json:"backchannel_logout_session_supported"`
	}
	if err := discovered.Claims(&metadata); err != nil || !metadata.Supported || !metadata.SessionSupported {
		t.Errorf("metadata %+v, %v", metadata, err)
	}
	// signIn signs the person in at the client, and lets an app act for them.
	signIn := func() (b *fleet.Browser, idToken logoutClaims, refresh, apps string) {
		b, err := f.Browser(0, via)
		if err != nil {
			t.Fatal(err)
		}
		redeem := func(c *fleet.Client) fleet.Answer {
			code, err := b.Code(c)
			if err != nil {
				t.Fatal(err)
			}
			a := c.Redeem(ctx, via, code)
			if a.Outcome != fleet.OK || a.Refresh == "" {
				t.Fatal(a)
			}
			return a
		}
		a := redeem(c)
		return b, verified(t, verifier, a.IDToken), a.Refresh, redeem(app).Refresh
	}

	// Down: the person is signed out at once, and killing the server loses nothing.
	browser, idToken, refresh, apps := signIn()
	if err := browser.SignOut(f.Issuer); err != nil {
		t.Fatal(err)
	}
	if a := c.Renew(ctx, via, refresh); a.Outcome != fleet.Refused {
		t.Errorf("the refresh token of the session: %v", a)
	}
	if a := app.Renew(ctx, via, apps); a.Outcome != fleet.OK {
		t.Errorf("the app, which signed nobody in: %v", a)
	}
	server.Kill()

	// It hangs, and the server is killed while it waits.
	hangs := make(chan struct{})
	rp.up(t, hangs)
	startAgain(t, server)
	first := verified(t, verifier, rp.next(t))
	server.Kill()
	close(hangs)
	rp.server.Close()
	for len(rp.got) > 0 {
		<-rp.got
	}

	// It answers.
	rp.up(t, nil)
	startAgain(t, server)
	token := rp.next(t)
	second := verified(t, verifier, token)
	for _, told := range []logoutClaims{first, second} {
		if told.Subject != idToken.Subject || told.SessionID != idToken.SessionID || told.SessionID == "" || told.Nonce != nil || string(told.Events["http://schemas.openid.net/event/backchannel-logout"]) != "{}" {
			t.Errorf("told %+v, of the sign-in %+v", told, idToken)
		}
	}
	if first.ID == second.ID || first.ID == "" {
		t.Errorf("two tokens with the jti %q", first.ID)
	}
	if typ := headerOf(t, token)["typ"]; typ != "logout+jwt" {
		t.Errorf("typ %v", typ)
	}

	// What was taken is over: the next that comes is of the next logout.
	browser, idToken, _, _ = signIn()
	if err := browser.SignOut(f.Issuer); err != nil {
		t.Fatal(err)
	}
	if third := verified(t, verifier, rp.next(t)); third.SessionID != idToken.SessionID || third.SessionID == second.SessionID {
		t.Errorf("told %+v, of the sign-in %+v", third, idToken)
	}
	// And what an operator does, in a process of its own, is told too: once of each
	// session that the person ever had, since nobody is sure which of them are over.
	before := []string{second.SessionID, idToken.SessionID}
	_, idToken, _, _ = signIn()
	f.Run("accounts", "disable", f.People[0].Name, "--store", f.Store())
	told := []string{}
	for range 3 {
		told = append(told, verified(t, verifier, rp.next(t)).SessionID)
	}
	slices.Sort(told)
	if want := slices.Sorted(slices.Values(append(before, idToken.SessionID))); !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
	time.Sleep(7 * time.Second) // longer than the server's look at the queue
	if n := len(rp.got); n != 0 {
		t.Errorf("%d more came", n)
	}
}

func headerOf(t *testing.T, token string) (header map[string]any) {
	t.Helper()
	part, _, _ := strings.Cut(token, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(decoded, &header)
	}
	if err != nil {
		t.Fatal(err)
	}
	return header
}
