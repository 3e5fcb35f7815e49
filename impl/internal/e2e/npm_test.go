package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/clienttest"
)

// TestMainJobWithOAuth4WebAPI is the main job as the npm package oauth4webapi
// does it, which checks every answer itself.
func TestMainJobWithOAuth4WebAPI(t *testing.T) { mainJobFromNPM(t, "oauth4webapi.mjs") }

// TestMainJobWithOpenIDClient is the same with openid-client, which is built on
// it and decides more by itself.
func TestMainJobWithOpenIDClient(t *testing.T) { mainJobFromNPM(t, "openid-client.mjs") }

func mainJobFromNPM(t *testing.T, program string) {
	onEveryStore(t, func(t *testing.T, c *charter) {
		rs := c.resourceServer()
		said := loginFromNPM(t, c, []string{"OPERATOR_ID=" + rs.ID, "OPERATOR_SECRET=" + rs.Secret}, program, c.issuer, "read write", c.issuer)
		checkReport(t, c, said)
	})
}

// loginFromNPM runs a program, does in the browser what it asks for, and returns
// what it reports when it has ended well.
func loginFromNPM(t *testing.T, c *charter, env []string, program string, args ...string) []byte {
	t.Helper()
	cmd := clienttest.Node(t, program, args...)
	cmd.Env = append(environment(), env...)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(3*time.Minute, func() { cmd.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatalf("no authorization URL: %v\n%s", cmd.Wait(), &errors)
	}
	b.signIn(lines.Text(), c.user, c.password)
	b.decide("allow")
	lines.Scan()
	said := bytes.Clone(lines.Bytes())
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, &errors)
	}
	return said
}

// TestOpenIDConnectWithOpenIDClient: a login with an ID token that openid-client
// accepts, and UserInfo of the same person.
func TestOpenIDConnectWithOpenIDClient(t *testing.T) {
	onEveryStore(t, func(t *testing.T, c *charter) {
		type claims struct {
			Issuer    string `json:"iss"`
			Subject   string `json:"sub"`
			Audience  any    `json:"aud"`
			Preferred string `json:"preferred_username"`
		}
		var report struct {
			ClientID  string `json:"client_id"`
			Claims    claims
			Person    claims
			Again     *claims
			Refreshed bool
		}
		said := loginFromNPM(t, c, nil, "openid-connect.mjs", c.issuer)
		if err := json.Unmarshal(said, &report); err != nil {
			t.Fatalf("%v in %q", err, said)
		}
		if report.Claims.Issuer != c.issuer || report.Claims.Subject == "" || report.Claims.Audience != report.ClientID {
			t.Errorf("the ID token says %+v", report.Claims)
		}
		if report.Person.Subject != report.Claims.Subject || report.Person.Preferred != c.user {
			t.Errorf("UserInfo says %+v", report.Person)
		}
		if !report.Refreshed || report.Again != nil && report.Again.Subject != report.Claims.Subject {
			t.Errorf("the refresh: %v, %+v", report.Refreshed, report.Again)
		}
	})
}

// checkReport checks what the program found, which has ended well.
func checkReport(t *testing.T, c *charter, said []byte) {
	t.Helper()
	var report struct {
		ClientID string `json:"client_id"`
		Scope    string
		Rotated  bool
		Live     introspection
		Dead     introspection
		Refused  string
	}
	if err := json.Unmarshal(said, &report); err != nil {
		t.Fatalf("%v in %q", err, said)
	}
	granted := strings.Fields(report.Live.Scope)
	slices.Sort(granted)
	switch {
	case !report.Rotated:
		t.Error("refresh gave a token that was there before")
	case !report.Live.Active || report.Live.ClientID != report.ClientID || !slices.Equal(report.Live.Audience, []string{c.issuer}):
		t.Errorf("introspection said %+v", report.Live)
	case !slices.Equal(granted, []string{"read", "write"}):
		t.Errorf("the token has scope %q", report.Live.Scope)
	case report.Dead.Active:
		t.Errorf("after the revocation introspection said %+v", report.Dead)
	case report.Refused != "invalid_grant":
		t.Errorf("refresh after the revocation: %q", report.Refused)
	}
}
