package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/clienttest"
)

// TestRelyingPartyWithOpenIDClient is what a client on the web does with OpenID
// Connect, as the npm package openid-client does it and checks it: single sign-on,
// prompt=none with both outcomes, max_age, refresh, form_post, private_key_jwt,
// request objects, pairwise subjects.
func TestRelyingPartyWithOpenIDClient(t *testing.T) {
	c := serve(t, "", "--request-objects", "value")
	rp := newRelyingParty(t, c)
	cmd := clienttest.Node(t, "openid-relying-party.mjs", c.issuer, rp.callback())
	cmd.Env = environment()
	var errors bytes.Buffer
	cmd.Stderr = &errors
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(3*time.Minute, func() { cmd.Process.Kill() })
	defer late.Stop()
	visits, done := 0, false
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var asked struct {
			Visit string
			Done  bool
		}
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			t.Fatalf("%v in %q", err, lines.Text())
		}
		if done = asked.Done; done {
			break
		}
		visits++
		back, err := json.Marshal(rp.visit(asked.Visit))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(stdin, "%s\n", back) // who does not read it has ended, which Wait tells
	}
	if err := cmd.Wait(); err != nil || !done {
		t.Fatalf("after %d visits: %v\n%s", visits, err, &errors)
	}
}
