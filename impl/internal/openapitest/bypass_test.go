package openapitest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unvalidated are the files of tests that hand requests to a handler and validate
// no answer, and why.
var unvalidated = map[string]string{
	"impl/cmd/charter/docs_test.go":                   "the admin listener is not in the document",
	"impl/doctor/doctor_test.go":                      "spoils answers of a server whose own are validated in the fixture",
	"impl/doctor/spoil_test.go":                       "spoils answers of a server whose own are validated in the fixture",
	"impl/fetch/fetch_test.go":                        "no server of ours answers",
	"impl/interact/policy_walk_test.go":               "a protected resource answers; the server's answers go through servertest",
	"impl/interact/upstream/openid_test.go":           "another provider, that lies, answers",
	"impl/internal/attacks/artefacts_test.go":         "a protected resource answers; the server's answers go through servertest",
	"impl/internal/attacks/timing_test.go":            "measures, and would measure the validation",
	"impl/internal/bench/bench_test.go":               "measures, and would measure the validation",
	"impl/internal/bench/decode_test.go":              "measures, and would measure the validation",
	"impl/internal/bench/openid_test.go":              "measures, and would measure the validation",
	"impl/internal/e2e/docs_test.go":                  "static files answer",
	"impl/internal/e2e/mcp_go_test.go":                "the client's callback answers",
	"impl/internal/e2e/mcp_test.go":                   "a client's metadata document answers",
	"impl/internal/e2e/oauth2_test.go":                "the client's callback answers",
	"impl/internal/e2e/oidc_client_ts_test.go":        "a single-page application's own files",
	"impl/internal/e2e/relying_party_test.go":         "the client's callback answers",
	"impl/internal/faults/backchannel_test.go":        "the relying party answers",
	"impl/server/relying_party_test.go":               "relying parties answer; the server's answers go through servertest",
	"impl/server/client_id_metadata_document_test.go": "clients' documents answer; the server's answers go through servertest",
}

var asks = regexp.MustCompile(`\.ServeHTTP\(|httptest\.New(TLS|Unstarted)?Server\(`)

// A test that asks a server without going through Validate does not hold its
// answer to the document. New ways of asking are found here.
func TestNothingIsAskedPastTheDocument(t *testing.T) {
	root, seen := "../../..", 0
	err := filepath.WalkDir(filepath.Join(root, "impl"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if strings.HasPrefix(entry.Name(), "example") {
			return nil // for readers
		}
		for _, own := range []string{"impl/protect/", "impl/examples/", "impl/internal/gentest/", "impl/internal/openapitest/"} {
			if strings.HasPrefix(name, own) {
				return nil // resources, programs of their own, another document
			}
		}
		text, err := os.ReadFile(path)
		if err != nil || !asks.Match(text) {
			return err
		}
		seen++
		_, excused := unvalidated[name]
		if validates := strings.Contains(string(text), "openapitest."); validates == excused {
			t.Errorf("%s: validates answers %t, excused %t", name, validates, excused)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < len(unvalidated) {
		t.Errorf("%d files ask, and %d are excused", seen, len(unvalidated))
	}
}

// The answer goes through as it is, and a fault in it is seen.
func TestHandler(t *testing.T) {
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/changed"
		w.Header().Set("X-Undeclared", "1")
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte("tea"))
	})
	witness := &faulty{TB: t}
	w := httptest.NewRecorder()
	Handler(witness, server).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if w.Code != http.StatusTeapot || w.Body.String() != "tea" || w.Header().Get("X-Undeclared") != "1" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	if !witness.failed {
		t.Error("a status that the document does not have passes")
	}
}

// A faulty test keeps that it failed.
type faulty struct {
	testing.TB
	failed bool
}

func (f *faulty) Helper()               {}
func (f *faulty) Errorf(string, ...any) { f.failed = true }
