package readme

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestTry runs charter try as README.md does, but for the address and the
// browser, and holds its transcript to what is printed. A person opens the URL.
func TestTry(t *testing.T) {
	w := newWalk(t)
	reader := w.serve(shell(t, "serve"))
	cmd := w.shell("exec " + strings.TrimSpace(shell(t, "try")) + " --no-browser --issuer http://" + w.address)
	var errors, printed bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { cmd.Process.Signal(os.Interrupt) })
	defer late.Stop()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		printed.WriteString(lines.Text() + "\n")
		to, ok := strings.CutPrefix(lines.Text(), "sign in")
		if !ok {
			continue
		}
		back, err := reader.Decide(strings.TrimSpace(to), "allow")
		if err != nil {
			t.Error(err)
			cmd.Process.Signal(os.Interrupt)
			continue
		}
		res, err := http.Get(back.String())
		if err != nil {
			t.Error(err)
			continue
		}
		res.Body.Close()
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("try: %v\n%s%s", err, &printed, &errors)
	}
	if got, want := masked(strings.ReplaceAll(printed.String(), w.address, address)), masked(transcript(t)); got != want {
		t.Errorf("charter try printed\n%s\nREADME.md says\n%s", got, want)
	}
}

func transcript(t *testing.T) string {
	t.Helper()
	for _, b := range blocks(t) {
		if b.language == "text" && b.purpose == "try" {
			return b.text
		}
	}
	t.Fatal("README.md has no transcript of try")
	return ""
}

// masked hides what is another at each run.
func masked(text string) string {
	for _, m := range [][2]string{
		{`(client_id=)\S+`, "${1}…"},
		{`(client )\S{22}`, "${1}ID"},
		{`chat_\S+…`, "chat_…"},
	} {
		text = regexp.MustCompile(m[0]).ReplaceAllString(text, m[1])
	}
	return text
}
