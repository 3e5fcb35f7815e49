package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

// A metadata document cannot bring in a redirect URI that a registration could
// not: alone, beside a good one, and whatever else is wrong with the request.
func TestRedirectURIClassesInAMetadataDocument(t *testing.T) {
	proof.Of(t, "ATK-10", "ATK-112", "ATK-127")
	d := newDocumentServer(t)
	f := newFixture(t, d.fetches)
	n := 0
	for class, uris := range redirectClasses {
		for _, uri := range uris {
			for _, list := range [][]string{{uri}, {appCallback, uri}} {
				encoded, err := json.Marshal(list)
				if err != nil {
					t.Fatal(err)
				}
				n++
				f.Clock.Move(time.Minute) // the budget of fetches
				d.serve = func(w http.ResponseWriter, r *http.Request) {
					_, _ = w.Write([]byte(`{"client_id":` + strconv.Quote(d.URL+r.URL.RequestURI()) + `,"client_name":"Doc","application_type":"native","redirect_uris":` + string(encoded) + `}`))
				}
				c := documentClient(d.URL + "/" + strconv.Itoa(n) + ".json")
				for name, changes := range map[string]url.Values{"good": nil, "prompt none": {"prompt": {"none"}}, "bad scope": {"scope": {"nonsense"}}} {
					for _, method := range []string{http.MethodGet, http.MethodPost} {
						q := c.Request(changes)
						q.Set("redirect_uri", uri)
						what := class + " " + strconv.QuoteToASCII(uri[:min(len(uri), 60)]) + " " + method + " " + name
						f.unchanged(t, what, func() { page(t, what, f.send(method, q), http.StatusBadRequest) })
					}
				}
			}
		}
	}
	if hits := int(d.hits.Load()); hits < n {
		t.Errorf("%d documents were fetched, want %d at least", hits, n)
	}
	f.Clock.Move(time.Minute)
	d.document("")
	asks(t, "control", f.Get("/authorize", documentClient(d.URL+"/good.json").Request(nil)))
}
