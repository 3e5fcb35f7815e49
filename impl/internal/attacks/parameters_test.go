package attacks_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/oracle"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store/memory"
)

// each calls do for every request of every operation with a form, with the
// parameters that the document gives it, and sends the request itself afterwards.
func each(t *testing.T, do func(w *world, r request, parameters map[string]bool)) {
	t.Helper()
	w := newWorld(t, memory.New())
	known := forms(t)
	seen := map[string]bool{}
	for _, r := range w.requests() {
		seen[r.op] = true
		do(w, r, known[r.op])
		w.succeeds(r)
	}
	// It succeeds only where people sign in upstream: impl/interact attacks it
	// there (TestUpstreamStateIsBound, TestUpstreamParameters).
	delete(known, "upstreamCallback")
	for op := range known {
		if !seen[op] {
			t.Errorf("%s takes a form and is not attacked: give it a request in requests()", op)
		}
	}
}

// value returns a parameter's value in a request, or one that it could have.
func (r request) value(parameter string) string {
	if v := r.form.Get(parameter); v != "" {
		return v
	}
	return "x"
}

// refusals are what a request may be refused as, by its form alone. A parameter
// that has a code of its own (x-oauth-error) is refused by it.
var refusals = []string{"invalid_request", "unsupported_response_type", "unsupported_grant_type", "invalid_scope", "page"}

// refuses sends a form in the place of a request's, and holds the answer, and what
// the store holds afterwards, against the oracle.
func (w *world) refuses(what string, r request, form string) {
	w.t.Helper()
	before := w.state()
	res := w.send(r, form)
	code := failed(w.t, res)
	answer, err := oracle.Read(res)
	if err != nil {
		w.t.Fatal(err)
	}
	faults := append(answer.Faults(), answer.Leaks(oracle.Sent(r.header, "", form))...)
	faults = append(faults, oracle.Unexpected(oracle.Changed(before, w.state()), nil)...)
	if !slices.Contains(refusals, code) {
		faults = append(faults, fmt.Sprintf("status %d, error %q", res.StatusCode, code))
	}
	if to := res.Header.Get("Location"); to != "" && !strings.HasPrefix(to, w.app.RedirectURI+"?") {
		faults = append(faults, "goes to "+to)
	}
	for _, fault := range faults {
		w.t.Errorf("%s: %s: %s", r.op, what, fault)
	}
}

func (w *world) state() oracle.State {
	w.t.Helper()
	state, err := oracle.Memory(w.t.Context(), w.Store)
	if err != nil {
		w.t.Fatal(err)
	}
	return state
}

// Every known parameter twice is refused, with the same value and with another,
// before and behind the rest, whether the request needs it or not.
func TestEveryParameterTwice(t *testing.T) {
	proof.Of(t, "ATK-150")
	sent := 0
	each(t, func(w *world, r request, parameters map[string]bool) {
		for parameter, repeatable := range parameters {
			if repeatable {
				continue
			}
			rest := maps.Clone(r.form)
			rest.Del(parameter)
			one, other := url.Values{parameter: {r.value(parameter)}}.Encode(), url.Values{parameter: {"y"}}.Encode()
			for _, form := range [][]string{{one, rest.Encode(), one}, {one, rest.Encode(), other}, {rest.Encode(), one, one}, {other, one, rest.Encode()}} {
				w.refuses(parameter+" twice", r, strings.Join(slices.DeleteFunc(form, func(s string) bool { return s == "" }), "&"))
				sent++
			}
		}
	})
	if sent < 250 {
		t.Errorf("%d requests were sent", sent)
	}
}

// A parameter of a form is nowhere read from the query, and refused there.
func TestParameterOfAFormInTheQuery(t *testing.T) {
	proof.Of(t, "ATK-151", "ATK-104")
	each(t, func(w *world, r request, parameters map[string]bool) {
		if r.method != http.MethodPost {
			return
		}
		for parameter := range parameters {
			inQuery := url.Values{parameter: {r.value(parameter)}}
			for what, form := range map[string]url.Values{"in the query alone": without(r.form, parameter), "in both": r.form} {
				asked := r
				asked.path += "?" + inQuery.Encode()
				w.refuses(parameter+" "+what, asked, form.Encode())
			}
		}
	})
}

func without(form url.Values, parameter string) url.Values {
	rest := maps.Clone(form)
	rest.Del(parameter)
	return rest
}

// spelledOtherwise are forms in which a parameter is not there, though something
// like it is, all of them at once.
func spelledOtherwise(p, value string) string {
	v := "=" + url.QueryEscape(value)
	return strings.Join([]string{
		p + "[]" + v, p + "[0]" + v, p + "[30000000]" + v, p + ".x" + v, strings.ToUpper(p) + v, "+" + p + v, p + "+" + v,
		strings.ReplaceAll(p, "_", "-") + "-" + v,
	}, "&")
}

// A parameter that is empty, or in another spelling, is answered exactly as one
// that is not there; beside the right one, it is ignored.
func TestParameterInAnotherSpelling(t *testing.T) {
	proof.Of(t, "ATK-152", "ATK-154", "ATK-153")
	known := forms(t)
	fresh := func(at int) (*world, request) {
		w := newWorld(t, memory.New())
		return w, w.requests()[at]
	}
	for at := range newWorld(t, memory.New()).requests() {
		w, r := fresh(at)
		beside := r.form.Encode() + "&unknown=x&unknown=y"
		for parameter := range known[r.op] {
			beside += "&" + spelledOtherwise(parameter, "x")
			if !r.form.Has(parameter) {
				beside += "&" + parameter + "="
				continue
			}
			one, r := fresh(at)
			other, q := fresh(at)
			absent := one.send(r, without(r.form, parameter).Encode())
			got := other.send(q, without(q.form, parameter).Encode()+"&"+parameter+"=&"+spelledOtherwise(parameter, q.form.Get(parameter)))
			if a, g := failed(t, absent), failed(t, got); g != a || got.StatusCode != absent.StatusCode {
				t.Errorf("%s: %s spelled otherwise: %d %q, absent it is %d %q", r.op, parameter, got.StatusCode, g, absent.StatusCode, a)
			}
		}
		if res := w.send(r, beside); res.StatusCode != r.want || failed(t, res) != "" {
			t.Errorf("%s: beside: %d %s", r.op, res.StatusCode, failed(t, res))
		}
	}
}

// What is no form is refused whole, and so are more parameters than any request
// has.
func TestBrokenForms(t *testing.T) {
	proof.Of(t, "ATK-153", "ATK-155")
	each(t, func(w *world, r request, _ map[string]bool) {
		good := r.form.Encode()
		for what, form := range map[string]string{
			"semicolon":         strings.Replace(good, "&", ";", 1) + ";a=1",
			"broken escape":     good + "&x=%zz",
			"cut escape":        good + "&x=%4",
			"escape in a name":  good + "&%zz=x",
			"10 001 parameters": good + strings.Repeat("&a=1", 10_001),
			"64 KiB":            good + "&x=" + strings.Repeat("a", 64<<10),
		} {
			w.refuses(what, r, form)
		}
	})
}

// freeText are the parameters that may be any text: they come back as they are, or
// do nothing.
var freeText = []string{"state", "nonce", "prompt", "login_hint", "ui_locales", "token_type_hint"}

// changed are values that some reader takes for the value, or that break one.
func changed(v string) map[string]string {
	return map[string]string{
		"NUL": v + "\x00", "NUL first": "\x00" + v, "NUL alone": "\x00", "no UTF-8": v + "\xff", "overlong": v + "\xc0\xaf", "surrogate": v + "\xed\xa0\x80",
		"byte order mark": "\ufeff" + v, "space behind": v + " ", "space before": " " + v, "line behind": v + "\n", "carriage return": v + "\r\n",
		"tab": v + "\t", "zero width": v + "\u200b", "composed": v + "\u00e9", "decomposed": v + "e\u0301", "full width": strings.Replace(v, "a", "\uff41", 1) + "\uff41",
		"next line": v + "\u0085", "line separator": v + "\u2028", "twice": v + v, "comma": v + "," + v, "quoted": `"` + v + `"`,
		"upper case": strings.ToUpper(v) + "A", "number": "0x1", "exponent": "1e3", "Arabic digits": "\u0661", "plus": "+1", "negative": "-1", "huge number": "9223372036854775808",
		"SQL": v + "' OR '1'='1", "SQL end": v + "'; DROP TABLE charter_clients; --", "SQL union": "' UNION SELECT null,null,null --", "SQL comment": v + "/*", "SQL sleep": "1; SELECT pg_sleep(10)",
		"wildcard": "%", "underscore": "_", "backslash quote": `\'`, "double quote": `"`, "JSON": `{"$ne":null}`, "template": "{{.}}", "format": "%s%n%x", "path": "../../etc/passwd", "log4j": "${jndi:ldap://x}",
	}
}

// No value but the right one is taken for it, on a store of SQL; none is a
// failure of the server, and none does anything.
func TestChangedValues(t *testing.T) {
	proof.Of(t, "ATK-156", "ATK-139", "ATK-158")
	st := sqliteStore(t)
	w := newWorld(t, st)
	for _, r := range w.requests() {
		for parameter, values := range r.form {
			if slices.Contains(freeText, parameter) && !strings.HasPrefix(r.op, "authorize") {
				continue // it succeeds, and is spent
			}
			if r.op == "chooseAccount" && parameter == "account" {
				continue // whatever is no account that is signed in leads to the login page, as "other" does
			}
			if r.op == "signUp" && parameter == "username" {
				continue // it is chosen: every text is a name, or refused by package interact
			}
			ignored := slices.Contains(freeText, parameter) || parameter == "scope" && strings.HasPrefix(r.form.Get("scope"), "openid ") // unknown values are ignored: OpenID Connect Core §3.1.2.1
			for what, v := range changed(values[0]) {
				if parameter == "resource" && what == "SQL comment" {
					continue // a URL below the resource
				}
				form := without(r.form, parameter)
				form.Set(parameter, v)
				res := w.send(r, form.Encode())
				if res.StatusCode >= 500 {
					t.Errorf("%s: %s %s: %d", r.op, parameter, what, res.StatusCode)
				}
				if r.op != "revoke" && !ignored && gives(t, r, res) {
					t.Errorf("%s: %s %s was taken for %q", r.op, parameter, what, r.form.Get(parameter))
				}
			}
		}
		w.succeeds(r)
	}
	if clients, err := st.Clients(t.Context(), "", 10); err != nil || len(clients) != 2 {
		t.Errorf("%d clients, %v", len(clients), err)
	}
}
