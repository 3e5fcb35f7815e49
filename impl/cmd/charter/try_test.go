package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/person"
)

// serveForTry runs serve in an own directory and returns the issuer and who can
// sign in.
func serveForTry(t *testing.T, args ...string) (issuer string, admin *person.Person) {
	t.Helper()
	address := freeAddress(t)
	ctx, cancel := context.WithCancel(t.Context())
	out, w := io.Pipe()
	root := newRoot()
	root.SetArgs(append([]string{"serve", "--listen", address, "--data", t.TempDir()}, args...))
	root.SetOut(w)
	done := make(chan error, 1)
	go func() {
		err := root.ExecuteContext(ctx)
		w.CloseWithError(err)
		done <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	signIn := regexp.MustCompile(`^sign in as +(\S+) +password (\S+)`)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := signIn.FindStringSubmatch(lines.Text()); m != nil {
			admin = &person.Person{Name: m[1], Password: m[2]}
		}
		if strings.HasPrefix(lines.Text(), "ready") {
			return "http://" + address, admin
		}
	}
	t.Fatal("serve did not get ready")
	return "", nil
}

// try runs charter try; a person decides at the URL that it prints, and come
// brings the browser back.
func try(t *testing.T, admin *person.Person, decision string, come func(*url.URL), args ...string) (printed string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, w := io.Pipe()
	root := newRoot()
	root.SetArgs(append([]string{"try", "--no-browser"}, args...))
	root.SetOut(w)
	done := make(chan error, 1)
	go func() {
		done <- root.ExecuteContext(ctx)
		w.Close()
	}()
	var out bytes.Buffer
	for lines := bufio.NewScanner(r); lines.Scan(); {
		out.WriteString(lines.Text() + "\n")
		if to, ok := strings.CutPrefix(lines.Text(), "sign in     "); ok {
			back, err := admin.Decide(to, decision)
			if err != nil {
				t.Fatal(err)
			}
			come(back)
		}
	}
	return out.String(), <-done
}

func visit(t *testing.T, to string, want int) {
	t.Helper()
	res, err := http.Get(to)
	if err != nil {
		t.Error(err)
		return
	}
	res.Body.Close()
	if res.StatusCode != want {
		t.Errorf("the callback answers %d, want %d", res.StatusCode, want)
	}
}

func TestTry(t *testing.T) {
	rows := []struct {
		name  string
		serve []string
		try   []string
		want  string // of the token line
	}{
		{"opaque", nil, nil, `(?m)^token       opaque: chat_\S{3}…; --confidential`},
		{"introspected", nil, []string{"--confidential", "--scope", "read"}, `(?m)^token       opaque: active, sub u_\S+, client \S+, scope "read"$`},
		{"JWT", []string{"--token-format", "ES256"}, []string{"--scope", "read"}, `(?m)^token       JWT \{.*"at\+jwt".*\}\n +\{.*"scope":"read"`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			issuer, admin := serveForTry(t, row.serve...)
			out, err := try(t, admin, "allow", func(back *url.URL) { visit(t, back.String(), 200) }, append(row.try, "--issuer", issuer)...)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range []string{row.want, `(?m)^discover .*well-known/oauth-authorization-server$`, `(?m)^register    client `, `(?m)^code        received`,
				`(?m)^exchange    Bearer token`, `(?m)^refresh .*replaced$`, `(?m)^revoke .*invalid_grant$`, `(?m)^unregister  client \S+ is gone$`} {
				if !regexp.MustCompile(want).MatchString(out) {
					t.Errorf("there is no %s in:\n%s", want, out)
				}
			}
		})
	}
}

// TestTryChecksTheAnswer: an answer with another state is refused and waited
// past; one of another issuer, and a refusal, end the trial.
func TestTryChecksTheAnswer(t *testing.T) {
	issuer, admin := serveForTry(t)
	change := func(u *url.URL, name, value string) string {
		q, c := u.Query(), *u
		q.Set(name, value)
		c.RawQuery = q.Encode()
		return c.String()
	}
	out, err := try(t, admin, "allow", func(back *url.URL) {
		visit(t, change(back, "state", "forged"), 400)
		visit(t, back.String(), 200)
	}, "--issuer", issuer)
	if err != nil {
		t.Errorf("after a forged state: %v\n%s", err, out)
	}
	out, err = try(t, admin, "allow", func(back *url.URL) { visit(t, change(back, "iss", "https://other.example.com"), 200) }, "--issuer", issuer)
	if err == nil || !strings.Contains(err.Error(), "a mix-up") || strings.Contains(out, "exchange") {
		t.Errorf("another issuer: %v\n%s", err, out)
	}
	out, err = try(t, admin, "deny", func(back *url.URL) { visit(t, back.String(), 200) }, "--issuer", issuer)
	if err == nil || !strings.Contains(err.Error(), "access_denied") || !strings.Contains(out, "is gone") {
		t.Errorf("denied: %v\n%s", err, out)
	}
}

// TestTryVerbose: everything is shown but the secrets.
func TestTryVerbose(t *testing.T) {
	issuer, admin := serveForTry(t)
	var code string
	out, err := try(t, admin, "allow", func(back *url.URL) {
		code = back.Query().Get("code")
		visit(t, back.String(), 200)
	}, "--issuer", issuer, "-v", "--confidential")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"  > POST " + issuer + "/token\n", "  > grant_type=refresh_token\n", "  > code=" + code[:8] + "…\n", "  > Authorization: Basic ", `"access_token":"chat_`, "  < 204 "} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %q in:\n%s", want, out)
		}
	}
	if long := regexp.MustCompile(`ch(ac|at|rt|cs|ra)_[A-Za-z0-9]{20}`).FindString(out); long != "" {
		t.Errorf("a secret is shown: %s", long[:8])
	}
}

// TestTryRefuses: what cannot be tried is refused with a way out.
func TestTryRefuses(t *testing.T) {
	closed, _ := serveForTry(t, "--registration", "closed")
	for _, row := range [][2]string{
		{closed, "charter clients create"},
		{"http://auth.example.com", "must be an https URL"},
		{"ftp://127.0.0.1", "must be an https URL"},
		{"127.0.0.1:8080", "--issuer must be a URL"},
		{closed + "/", "the metadata are those of issuer"},
		{"http://" + freeAddress(t), "charter serve starts one"},
	} {
		if _, err := try(t, nil, "", nil, "--issuer", row[0]); err == nil || !strings.Contains(err.Error(), row[1]) {
			t.Errorf("%s: %v, want %q", row[0], err, row[1])
		}
	}
}
