package gentest_test

import (
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

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
	if s.Format == "uri" && g.IntN(12) > 0 {
		v = []string{"https://a.example/x", "cursor://anysphere/cb", "urn:x:y"}[g.IntN(3)]
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
