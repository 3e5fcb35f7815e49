package readme

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

var update = flag.Bool("update", false, "write the table of errors of README.md")

const (
	errorsBegin = "<!-- errors: go test ./impl/internal/readme -run TestErrorTable -update -->\n"
	errorsEnd   = "<!-- end of errors -->\n"
)

// errorRows are what can be wrong with an authorization request. A change to a
// good one shows what comes of it.
var errorRows = []struct {
	wrong  string
	change url.Values // an empty value removes the parameter
}{
	{"`client_id` missing", url.Values{"client_id": {""}}},
	{"`client_id` unknown", url.Values{"client_id": {"nobody"}}},
	{"`client_id` sent twice", url.Values{"client_id": {"a", "b"}}},
	{"`redirect_uri` not registered", url.Values{"redirect_uri": {"https://attacker.example/cb"}}},
	{"`redirect_uri` sent twice", url.Values{"redirect_uri": {"https://app.example.com/cb", "https://app.example.com/cb"}}},
	{"another parameter sent twice", url.Values{"scope": {"read", "write"}}},
	{"`response_type` missing", url.Values{"response_type": {""}}},
	{"`response_type` not `code`", url.Values{"response_type": {"token"}}},
	{"`code_challenge` missing", url.Values{"code_challenge": {""}, "code_challenge_method": {""}}},
	{"`code_challenge_method` not `S256`", url.Values{"code_challenge_method": {"plain"}}},
	{"`scope` with an unknown value", url.Values{"scope": {"read destroy"}}},
	{"`resource` unknown", url.Values{"resource": {"https://elsewhere.example"}}},
	{"`request` sent", url.Values{"request": {"eyJhbGciOiJub25lIn0.e30."}}},
	{"`request_uri` sent", url.Values{"request_uri": {"https://app.example.com/request"}}},
}

// TestErrorTable: README.md says of each error who hears of it, as it is.
func TestErrorTable(t *testing.T) {
	content := read(t, "README.md")
	before, rest, ok := strings.Cut(content, errorsBegin)
	have, after, ended := strings.Cut(rest, errorsEnd)
	if !ok || !ended {
		t.Fatal("README.md has no table of errors")
	}
	want := errorTable(t)
	if have == want {
		return
	}
	if !*update {
		t.Fatalf("the table of errors is not what happens; run: go test ./impl/internal/readme -run TestErrorTable -update\nit is%s", want)
	}
	if err := os.WriteFile(filepath.Join(root, "README.md"), []byte(before+errorsBegin+want+errorsEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func errorTable(t *testing.T) string {
	t.Helper()
	down := &down{Store: memory.New()}
	s := servertest.New(t, down, func(c *server.Config) {
		c.Interaction = func(*server.Server) (server.Interaction, error) { return shown{}, nil }
	})
	client := s.Public()
	var b strings.Builder
	b.WriteString("\n| what is wrong | who hears of it | `error` |\n|---|---|---|\n")
	for _, row := range errorRows {
		fmt.Fprintf(&b, "| %s | %s |\n", row.wrong, heard(t, s, client.Request(row.change)))
	}
	denied, err := s.Deny(t.Context(), s.Pending(client.Request(nil)))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "| the person says no | %s |\n", redirected(t, denied.Location()))
	down.now = true
	fmt.Fprintf(&b, "| the database does not answer | %s |\n", heard(t, s, client.Request(nil)))
	return b.String() + "\n"
}

// heard returns who hears of a request, and which code.
func heard(t *testing.T, s *servertest.Server, q url.Values) string {
	t.Helper()
	res := s.Get("/authorize", q)
	if to := res.Header.Get("Location"); to != "" {
		return redirected(t, to)
	}
	var body strings.Builder
	if err := res.Write(&body); err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`<title>(\w+)</title>`).FindStringSubmatch(body.String())
	if code == nil {
		t.Fatalf("no page of an error: %s", &body)
	}
	return fmt.Sprintf("the person, by a page (%d) | `%s`", res.StatusCode, code[1])
}

// redirected checks that an answer goes to the client with all that it needs.
func redirected(t *testing.T, to string) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Host != "app.example.com" || q.Get("state") != "xyz" || q.Get("iss") != servertest.Issuer || q.Get("error") == "" {
		t.Fatalf("the client receives %s", to)
	}
	return fmt.Sprintf("the client, by redirect | `%s`", q.Get("error"))
}

// shown is an Interaction whose error page has the code as its title.
type shown struct{}

func (shown) Start(_ context.Context, p *server.Pending) (string, error) {
	return "/ask?request=" + p.Handle(), nil
}

func (shown) ShowError(w http.ResponseWriter, _ *http.Request, e server.ErrorPage) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(e.Status)
	fmt.Fprintf(w, "<!doctype html><title>%s</title>", e.Code)
}

func (shown) ServeHTTP(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// down is a store that can stop answering for clients.
type down struct {
	store.Store
	now bool
}

func (d *down) Client(ctx context.Context, id string) (store.Client, error) {
	if d.now {
		return store.Client{}, store.ErrUnavailable
	}
	return d.Store.Client(ctx, id)
}
