package gentest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/charterauth/charter/impl/internal/gentest/probe"
	"github.com/getkin/kin-openapi/openapi3"
)

// The oracle is kin-openapi: other people's reading of the same document. It
// must validate as JSON Schema 2020-12, or it does not see if/then and
// dependentRequired; TestOracleIsNotBlind holds it to that.
//
// It differs from the generated validators where this list says so, and the
// comparison takes each out:
//   - an optional value that is empty, or a member that is null, counts as
//     absent (RFC 6749 §3.1): taken out before both are asked;
//   - it does not assert format uri: a refusal "is not an absolute URI" is not
//     compared;
//   - it sees decoded values: it knows nothing of repeated parameters, of
//     secrets in a query, of a number's spelling; other tests cover those;
//   - an array of strings may not hold an empty one here.

// blame asks the oracle. It returns nil when the value is valid, or where it is
// not: pointers without indices, and for what is missing the text that names it.
func blame(s *openapi3.Schema, value any) []string {
	err := s.VisitJSON(value, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors())
	if err == nil {
		return nil
	}
	var all []string
	var collect func(error)
	collect = func(err error) {
		if many, ok := errors.AsType[openapi3.MultiError](err); ok {
			for _, e := range many {
				collect(e)
			}
			return
		}
		if e, ok := errors.AsType[*openapi3.SchemaError](err); ok {
			path := slices.DeleteFunc(e.JSONPointer(), func(s string) bool { return indexes.MatchString(s) })
			all = append(all, strings.Join(path, "."), e.Reason)
		}
	}
	collect(err)
	return all
}

var indexes = regexp.MustCompile(`^[0-9]+$`)

// blames reports whether the oracle finds fault with the parameter too.
func blames(all []string, param string) bool {
	last := param[strings.LastIndexByte(param, '.')+1:]
	return slices.ContainsFunc(all, func(s string) bool {
		return s == param || strings.HasPrefix(s, param+".") || strings.Contains(s, "'"+last+"'")
	})
}

// probeSchema returns a schema of the probe document.
func probeSchema(t *testing.T, name string) *openapi3.Schema {
	t.Helper()
	doc, err := probeDocument()
	if err != nil {
		t.Fatal(err)
	}
	return doc.Components.Schemas[name].Value
}

var probeDocument = sync.OnceValues(func() (*openapi3.T, error) { return load("testdata/probe.yaml") })

func TestOracleIsNotBlind(t *testing.T) {
	s := probeSchema(t, "TokenRequest")
	for _, row := range []struct{ name, body, missing string }{
		{"if/then", "grant_type=authorization_code&code=x", "code_verifier"},
		{"dependentRequired", "grant_type=refresh_token&refresh_token=r&client_assertion=a", "client_assertion_type"},
	} {
		value := formValue(s, row.body)
		if !blames(blame(s, value), row.missing) {
			t.Errorf("%s: the oracle does not see it", row.name)
		}
		if s.VisitJSON(value) != nil {
			t.Errorf("%s: seen without EnableJSONSchema2020 too; this row proves nothing any more", row.name)
		}
	}
}

// formValue decodes a form into what the oracle looks at.
func formValue(s *openapi3.Schema, body string) map[string]any {
	values, _ := url.ParseQuery(body)
	out := map[string]any{}
	for name, all := range values {
		all = slices.DeleteFunc(all, func(v string) bool { return v == "" })
		p := s.Properties[name]
		switch {
		case len(all) == 0:
		case p == nil:
			out[name] = all[0]
		case p.Value.Type.Is("array"):
			items := []any{}
			for _, v := range all {
				items = append(items, v)
			}
			out[name] = items
		case p.Value.Type.Is("integer") && regexp.MustCompile(`^(0|[1-9][0-9]*)$`).MatchString(all[0]):
			out[name] = json.Number(all[0])
		case p.Value.Type.Is("boolean") && (all[0] == "true" || all[0] == "false"):
			out[name] = all[0] == "true"
		default:
			out[name] = all[0]
		}
	}
	return out
}

// A verdict is what the generated layer said: accepted, or the parameter and
// the reason.
type verdict struct {
	accepted      bool
	param, reason string
}

// compare checks one verdict against the oracle's.
func compare(t *testing.T, s *openapi3.Schema, value any, v verdict, shown string) {
	t.Helper()
	faults := blame(s, value)
	switch {
	case v.accepted && faults != nil:
		t.Errorf("%s\naccepted; the oracle says %q", shown, faults)
	case !v.accepted && v.reason != "is not an absolute URI" && v.reason != "has an empty value" && !blames(faults, v.param):
		t.Errorf("%s\nrefused: %s %s; the oracle says %q", shown, v.param, v.reason, faults)
	}
}

const rounds = 1500

// TestOracleProbe compares on the probe, whose schemas use every keyword that
// the templates know.
func TestOracleProbe(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	f := &probeFake{}
	h := f.handler()
	s := probeSchema(t, "TokenRequest")
	var tally tally
	for range rounds {
		body := g.form(s)
		w := send(t, h, form("/token", body))
		v := verdict{accepted: w.Code == 200 || w.Code == 401}
		_, text, _ := strings.Cut(w.Body.String(), " ")
		v.param, v.reason, _ = strings.Cut(text, " ")
		tally.count(v)
		compare(t, s, formValue(s, body), v, body)
	}
	tally.check(t, "TokenRequest")
	s = probeSchema(t, "ClientMetadata")
	for range rounds {
		value := g.json(s)
		body, _ := json.Marshal(value)
		_, p := probe.DecodeClientMetadata(body)
		v := verdict{accepted: p == nil}
		if p != nil {
			v.param, v.reason = p.Param, p.Reason
		}
		tally.count(v)
		compare(t, s, withoutEmpty(value), v, string(body))
	}
	tally.check(t, "ClientMetadata")
}

// A tally shows that a comparison had both outcomes to compare.
type tally struct{ accepted, refused int }

func (y *tally) count(v verdict) {
	if v.accepted {
		y.accepted++
	} else {
		y.refused++
	}
}

func (y *tally) check(t *testing.T, name string) {
	t.Helper()
	if y.accepted < rounds/50 || y.refused < rounds/50 {
		t.Errorf("%s: %d accepted, %d refused: the comparison proves little", name, y.accepted, y.refused)
	}
	*y = tally{}
}

// TestOracleDocument compares on every form and JSON schema of openapi.yaml.
func TestOracleDocument(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(3, 4))}
	h := (&fake{}).handler()
	for _, op := range operations(t) {
		if op.schema == nil {
			continue
		}
		var tally tally
		for range rounds / 3 {
			var value any
			q := op.valid
			if op.isJSON {
				v := g.json(op.schema)
				b, _ := json.Marshal(v)
				q.body, value = string(b), withoutEmpty(v)
			} else {
				parameters := g.form(op.schema)
				value = formValue(op.schema, parameters)
				q = op.with(parameters)
			}
			w := send(t, h, q)
			v := verdict{accepted: w.Code == statusReached || w.Code == 401, param: w.Header().Get("Param")}
			v.reason = strings.TrimPrefix(w.Body.String(), v.param+" ")
			if !v.accepted && w.Code != 400 {
				t.Fatalf("%s: %d %s", op.id, w.Code, w.Body)
			}
			tally.count(v)
			compare(t, op.schema, value, v, fmt.Sprintf("%s %.300s", q.line, q.body))
			if t.Failed() {
				return
			}
		}
		if tally.accepted == 0 || tally.refused == 0 {
			t.Errorf("%s: %+v", op.id, tally)
		}
	}
}
