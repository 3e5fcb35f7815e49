package gentest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
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

func TestOracleIsNotBlind(t *testing.T) {
	doc, err := load("testdata/probe.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := doc.Components.Schemas["TokenRequest"].Value
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

// A generator makes values for a schema: some as it demands, some not.
type generator struct{ *rand.Rand }

// pool has a value for every pattern and format in the documents, and others.
var pool = []string{
	"a", "code", "S256", "query", "Bearer", "allow", "deny", "authorization_code", "refresh_token", "client_credentials", "jwt", "web", "native", "none",
	"client_secret_basic", "https://a.example/x", "cursor://anysphere/cb", "urn:x:y", "0", "1", "100", "-1", "true", "false", "a b", "a  b", " a", "a ", "\"", "\\",
	"é", "日本語", "A-Z_0.9~", strings.Repeat("v", 42), strings.Repeat("v", 43), strings.Repeat("v", 128), strings.Repeat("v", 129), strings.Repeat("é", 65), "cats", "a+b", "a/b", "%",
}

func (g generator) text(s *openapi3.Schema) string {
	v := pool[g.IntN(len(pool))]
	if len(s.Enum) > 0 && g.IntN(4) > 0 {
		v = s.Enum[g.IntN(len(s.Enum))].(string)
	}
	// Most of the time, what the schema wants, so that whole objects pass too.
	for try := 0; try < 40 && g.IntN(12) > 0 && (v == "" || s.VisitJSON(v) != nil); try++ {
		v = pool[g.IntN(len(pool))]
	}
	if g.IntN(30) == 0 && s.MaxLength != nil && *s.MaxLength < 5000 {
		v = strings.Repeat("a", int(*s.MaxLength)+g.IntN(2))
	}
	return v
}

// present decides whether a property appears.
func (g generator) present(s *openapi3.Schema, name string) bool {
	if slices.Contains(s.Required, name) {
		return g.IntN(20) > 0
	}
	return g.IntN(3) == 0
}

func (g generator) form(s *openapi3.Schema) string {
	var pairs []string
	add := func(name, v string) { pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(v)) }
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name].Value
		if !g.present(s, name) {
			continue
		}
		if p.Type.Is("array") {
			for range g.IntN(int(*p.MaxItems) + 2) {
				add(name, g.text(p.Items.Value))
			}
			continue
		}
		add(name, g.text(p))
	}
	g.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	return strings.Join(pairs, "&")
}

func (g generator) json(s *openapi3.Schema) any {
	if g.IntN(150) == 0 {
		return []any{"text", 7, true, []any{}, map[string]any{}}[g.IntN(5)]
	}
	switch {
	case s.Type.Is("string"):
		return g.text(s)
	case s.Type.Is("integer"):
		return g.IntN(1200) - 100
	case s.Type.Is("boolean"):
		return g.IntN(2) == 0
	case s.Type.Is("array"):
		items := []any{}
		for range g.IntN(min(int(*s.MaxItems), 6) + 2) {
			items = append(items, g.json(s.Items.Value))
		}
		return items
	default:
		o := map[string]any{}
		for name, p := range s.Properties {
			if g.present(s, name) {
				o[name] = g.json(p.Value)
			}
		}
		return o
	}
}

// withoutEmpty takes out what counts as absent.
func withoutEmpty(v any) any {
	o, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for name, member := range o {
		if member == "" || member == nil {
			delete(o, name)
			continue
		}
		o[name] = withoutEmpty(member)
	}
	return o
}

const rounds = 1500

// TestOracleProbe compares on the probe, whose schemas use every keyword that
// the templates know.
func TestOracleProbe(t *testing.T) {
	doc, err := load("testdata/probe.yaml")
	if err != nil {
		t.Fatal(err)
	}
	g := generator{rand.New(rand.NewPCG(1, 2))}
	f := &probeFake{}
	h := f.handler()
	s := doc.Components.Schemas["TokenRequest"].Value
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
	s = doc.Components.Schemas["ClientMetadata"].Value
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

