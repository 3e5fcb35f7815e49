package transcript

import (
	"cmp"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"

	"github.com/charterauth/charter/impl/server"
)

// A documents is a web server, at {docs}, with the metadata documents of clients.
type documents struct {
	*httptest.Server
	mu      sync.Mutex
	at      map[string]document // guarded by mu
	fetched map[string]int      // guarded by mu
}

// A document is what lies at a path.
type document struct {
	status    int
	cache     string
	mediaType string // "": application/json
	body      string
}

// startDocuments starts the server of documents and lets cfg fetch from it, which
// is on this machine.
func (p *player) startDocuments(cfg *server.Config) {
	d := &documents{at: map[string]document{}, fetched: map[string]int{}}
	d.Server = httptest.NewTLSServer(d)
	p.t.Cleanup(d.Close)
	roots := x509.NewCertPool()
	roots.AddCert(d.Certificate())
	cfg.ClientIDMetadataDocuments, cfg.InsecureFetchLoopback, cfg.FetchRootCAs = true, true, roots
	p.documents = d
}

func (d *documents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fetched[r.URL.Path]++
	doc, ok := d.at[r.URL.Path]
	if !ok || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", cmp.Or(doc.mediaType, "application/json"))
	if doc.cache != "" {
		w.Header().Set("Cache-Control", doc.cache)
	}
	if doc.status == http.StatusFound {
		w.Header().Set("Location", "/moved")
	}
	w.WriteHeader(doc.status)
	w.Write([]byte(doc.body))
}

// document puts a document at a path:
//
//	document /app {…}                     with the members client_id and redirect_uris if it does not say otherwise
//	document /app 404 {…}                 with a status
//	document /app max-age=600 {…}         with a Cache-Control
func (p *player) document(line string) error {
	if p.documents == nil {
		return fmt.Errorf("the server section does not turn documents on")
	}
	words := strings.SplitN(line, " {", 2)
	head := strings.Fields(words[0])
	if len(words) != 2 || len(head) < 2 {
		return fmt.Errorf("a document is a path and a JSON object")
	}
	doc := document{status: http.StatusOK}
	for _, option := range head[2:] {
		if status, err := strconv.Atoi(option); err == nil {
			doc.status = status
		} else {
			doc.cache = option
		}
	}
	own, err := p.values.fill("{" + words[1])
	if err != nil {
		return err
	}
	members := map[string]any{"client_id": p.documents.URL + head[1], "redirect_uris": []string{"https://app.example.com/cb"}}
	if err := json.Unmarshal([]byte(own), &members); err != nil {
		return err
	}
	body, err := json.Marshal(members)
	if err != nil {
		return err
	}
	doc.body = string(body)
	p.documents.put(head[1], doc)
	return nil
}

func (d *documents) put(path string, doc document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at[path] = doc
}

// checkFetched compares how often a document was fetched.
func (p *player) checkFetched(path, times string) error {
	want, err := strconv.Atoi(times)
	if err != nil || p.documents == nil {
		return fmt.Errorf("%q is no number of fetches", times)
	}
	p.documents.mu.Lock()
	defer p.documents.mu.Unlock()
	if got := p.documents.fetched[path]; got != want {
		return fmt.Errorf("it was fetched %d times", got)
	}
	return nil
}
