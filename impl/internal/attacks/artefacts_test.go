package attacks_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/protect"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// An artefact is something that the server gave out, with the one place where it
// is good. take reports whether a value was taken there; a value that was not
// changed nothing.
type artefact struct {
	name, value string
	take        func(value string) bool
}

const jwtResource = "https://jwt.example.com"

// artefacts are one of each kind. Those that can be used once come last.
func (w *world) artefacts() []artefact {
	w.t.Helper()
	opaque, jwt := w.Token(w.app, w.app.Exchange(w.code(), nil)), w.jwt()
	if opaque.ID == "" {
		w.t.Fatal("no ID Token")
	}
	owner := w.Confidential()
	signedIn, asking := w.browser(), w.browser()
	signedIn.signIn()
	login := asking.open(gen.PathAuthorize+"?"+w.app.Request(url.Values{"prompt": {"login"}}).Encode(), gen.PathLoginPage)
	login.Set("username", name)
	login.Set("password", password)
	fields := func(parameter string) func(string) bool {
		return func(v string) bool {
			form := maps.Clone(login)
			form.Set(parameter, v)
			return w.posts(gen.PathLogin, form, asking.header()).StatusCode == http.StatusSeeOther
		}
	}
	list := []artefact{
		{"access token", opaque.Access, w.call(resource)},
		{"ID Token", opaque.ID, nil}, // it is good at its client alone
		{"access token at userinfo", opaque.Access, func(v string) bool {
			return w.Get(gen.PathUserInfo, nil, servertest.Bearer(v)).StatusCode == http.StatusOK
		}},
		{"JWT access token", jwt, w.call(jwtResource)},
		{"client secret", w.machine.Secret, func(v string) bool {
			return w.posts(gen.PathToken, url.Values{"grant_type": {"client_credentials"}}, basicHeader(w.machine.ID, v)).StatusCode == http.StatusOK
		}},
		{"registration access token", owner.RegistrationToken, func(v string) bool {
			res := w.Get(gen.PathRegister+"/"+owner.ID, nil, servertest.Bearer(v))
			return res.StatusCode == http.StatusOK
		}},
		{"code", w.code(), func(v string) bool {
			return w.posts(gen.PathToken, w.app.Exchange(v, nil), nil).StatusCode == http.StatusOK
		}},
		{"refresh token", opaque.Refresh, func(v string) bool {
			return w.posts(gen.PathToken, w.app.Refresh(v, nil), nil).StatusCode == http.StatusOK
		}},
		{"request handle", login.Get("request"), fields("request")},
		{"form token", login.Get("csrf"), fields("csrf")},
	}
	for cookie, value := range signedIn.cookies {
		if strings.HasSuffix(cookie, "session") {
			list = append(list, artefact{"session cookie", value, func(v string) bool {
				b := &browser{w, maps.Clone(signedIn.cookies)}
				b.cookies[cookie] = v
				return w.Get(gen.PathAppsPage, nil, func(r *http.Request) { r.Header = b.header() }).StatusCode == http.StatusOK
			}})
		}
	}
	for cookie, value := range asking.cookies {
		list = append(list, artefact{"browser cookie", value, func(v string) bool {
			b := &browser{w, maps.Clone(asking.cookies)}
			b.cookies[cookie] = v
			return w.Get(gen.PathLoginPage, url.Values{"request": {login.Get("request")}}, func(r *http.Request) { r.Header = b.header() }).StatusCode == http.StatusOK
		}})
	}
	// What is used up by the control comes last.
	slices.SortStableFunc(list, func(a, b artefact) int { return strings.Compare(usedUp(a), usedUp(b)) })
	return list
}

func usedUp(a artefact) string {
	if slices.Contains([]string{"request handle", "form token"}, a.name) {
		return "z" + a.name
	}
	return ""
}

func (w *world) posts(path string, form url.Values, header http.Header) *http.Response {
	w.t.Helper()
	return w.send(request{"", http.MethodPost, path, form, header, 0}, form.Encode())
}

func basicHeader(id, secret string) http.Header {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	servertest.Basic(id, secret)(r)
	return r.Header
}

// jwt is an access token for the resource that wants JWTs.
func (w *world) jwt() string {
	w.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {jwtResource}}
	members := servertest.Decode(w.t, w.posts(gen.PathToken, form, w.basic()), http.StatusOK)
	token, _ := members["access_token"].(string)
	return token
}

// call reports whether a protected resource lets a token in.
func (w *world) call(target string) func(string) bool {
	w.t.Helper()
	guard, err := protect.New(protect.Config{
		Resource: target, AuthorizationServers: []string{servertest.Issuer}, Now: w.Clock.Now, Verifier: protect.InProcess(w.VerifyAccessToken),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	h := guard.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	return func(token string) bool {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.Header["Authorization"] = []string{"Bearer " + token}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code == http.StatusOK
	}
}

func artefactWorld(t *testing.T) *world {
	return newWorld(t, memory.New(), func(c *server.Config) {
		c.Resources = append(c.Resources, server.Resource{URI: jwtResource, TokenFormat: server.JWTES256})
	})
}

// Every artefact in the place of every other is refused, and good in its own
// place afterwards.
func TestArtefactInEveryOtherPlace(t *testing.T) {
	proof.Of(t, "ATK-77", "CVE-2026-55982")
	w := artefactWorld(t)
	list := w.artefacts()
	if len(list) < 10 {
		t.Fatalf("%d artefacts", len(list))
	}
	for _, place := range list {
		for _, a := range list {
			if a.value != place.value && place.take != nil && place.take(a.value) {
				t.Errorf("a %s was taken for a %s", a.name, place.name)
			}
		}
	}
	w.good(list)
}

// good sends every artefact to its own place: the control.
func (w *world) good(list []artefact) {
	w.t.Helper()
	for _, a := range list {
		if a.name == "form token" {
			continue // went with the request handle
		}
		if a.take == nil {
			continue
		}
		if !a.take(a.value) {
			w.t.Errorf("control: the %s is refused", a.name)
		}
	}
}

// Nothing one change away from an artefact is the artefact.
func TestChangedArtefacts(t *testing.T) {
	proof.Of(t, "CVE-2026-27840", "FUZZ-14")
	w := artefactWorld(t)
	list := w.artefacts()
	sent := 0
	for _, a := range list {
		if a.take == nil {
			continue
		}
		for _, v := range oneChange(a.value) {
			sent++
			if a.take(v) {
				t.Errorf("%s: %q was taken for %q", a.name, v, a.value)
			}
		}
	}
	if sent < 3000 {
		t.Errorf("%d values were tried", sent)
	}
	w.good(list)
}

// oneChange returns every deletion, insertion, substitution, case flip, cut and
// addition to a value that a reader could overlook.
func oneChange(v string) []string {
	all := []string{"", v + v, v + "=", v + "A", v + ".", v + "~", "A" + v, strings.ToUpper(v), strings.ToLower(v), strings.TrimRight(v, "A")}
	for i := range len(v) {
		c := v[i]
		other := byte('A')
		if c == other {
			other = 'B'
		}
		flipped := c
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			flipped ^= 0x20
		}
		all = append(all, v[:i], v[i:], v[:i]+v[i+1:], v[:i]+string(other)+v[i:], v[:i]+string(other)+v[i+1:], v[:i]+string(flipped)+v[i+1:])
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == v })
}

// No artefact has a piece in common with another, or with anything that it is
// about, beyond the prefix that names its kind.
func TestArtefactsTellNothing(t *testing.T) {
	proof.Of(t, "MAD-12")
	w := artefactWorld(t)
	var values []string
	for range 20 {
		for _, a := range w.artefacts() {
			if strings.Count(a.value, ".") != 2 { // a JWT is made to tell
				values = append(values, a.value)
			}
		}
	}
	told := []string{name, subject, w.app.ID, w.machine.ID, w.Clock.Now().Format("20060102"), "20261124", "1795521600"}
	pieces := map[string]int{}
	for i, v := range values {
		for _, s := range told {
			if strings.Contains(v, s) {
				t.Errorf("%q tells %q", v, s)
			}
		}
		if at := strings.IndexByte(v, '_'); at == 4 {
			v = v[at+1:]
		}
		for at := 0; at+8 <= len(v); at++ {
			if other, seen := pieces[v[at:at+8]]; seen && values[other] != values[i] {
				t.Errorf("%q and %q have %q in common", values[i], values[other], v[at:at+8])
			}
			pieces[v[at:at+8]] = i
		}
	}
}
