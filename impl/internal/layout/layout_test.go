package layout

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/charterauth/charter"

// A listed is a package as go list tells it.
type listed struct {
	ImportPath string
	Dir        string
	Standard   bool
	GoFiles    []string
	Imports    []string
	Deps       []string
	Module     *struct{ Path string }
}

// packages lists every package of the module and all that they import.
var packages = sync.OnceValues(func() (map[string]listed, error) {
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Standard,GoFiles,Imports,Deps,Module", module+"/...").Output()
	if err != nil {
		return nil, err
	}
	all := make(map[string]listed)
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p
	}
})

func list(t *testing.T) map[string]listed {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	if len(all[module+"/impl/server"].GoFiles) == 0 {
		t.Fatal("impl/server was not found: nothing would be checked")
	}
	return all
}

// layers are the packages from the top down. A package imports only what stands
// below it, or beside it where the group says so.
var layers = []struct {
	prefixes []string
	beside   bool // packages of this layer may import each other
}{
	{prefixes: []string{"impl/cmd/", "impl/examples"}, beside: true},
	{prefixes: []string{"impl/interact/upstream"}},
	{prefixes: []string{"impl/interact", "impl/doctor"}},
	{prefixes: []string{"impl/protect/mcp"}},
	{prefixes: []string{"impl/server", "impl/protect", "impl/doctor"}},
	{prefixes: []string{"impl/mint"}},
	{prefixes: []string{"impl/client", "impl/pkce", "impl/dpop", "impl/mtls", "impl/jose", "impl/seal", "impl/fetch", "impl/store"}, beside: true},
	{prefixes: []string{"impl/oauth"}},
	{prefixes: []string{"gen"}, beside: true}, // the client uses the types
}

// layerOf returns the layer of a package; false for test machinery and for what
// has none (the root package, which holds embedded files only).
func layerOf(path string) (int, bool) {
	path = strings.TrimPrefix(path, module+"/")
	for i, l := range layers {
		for _, prefix := range l.prefixes {
			if path == strings.TrimSuffix(prefix, "/") || strings.HasPrefix(path, strings.TrimSuffix(prefix, "/")+"/") {
				return i, true
			}
		}
	}
	return 0, false
}

// fault says why from may not import to, or "".
func fault(from, to string) string {
	i, ok := layerOf(from)
	j, known := layerOf(to)
	switch {
	case !ok || from == to:
		return ""
	case strings.HasPrefix(to, module+"/impl/internal/"):
		if i == 0 {
			return "" // the examples are run by tests
		}
		return "imports test machinery"
	case !known:
		return ""
	case j < i:
		return "imports upwards"
	case i == j && !layers[i].beside:
		return "imports sideways"
	}
	return ""
}

func TestDependenciesPointDownward(t *testing.T) {
	for path, p := range list(t) {
		if !strings.HasPrefix(path, module) {
			continue
		}
		if _, ok := layerOf(path); !ok && path != module && !strings.HasPrefix(path, module+"/impl/internal/") && strings.HasPrefix(path, module+"/impl/") {
			t.Errorf("%s has no layer", path)
		}
		for _, to := range p.Imports {
			if why := fault(path, to); why != "" {
				t.Errorf("%s %s: %s", path, why, to)
			}
		}
	}
	// What the rule must see, or it sees nothing.
	for _, row := range [][2]string{
		{"gen", "impl/oauth"}, {"impl/oauth", "impl/client"}, {"impl/store", "impl/server"}, {"impl/protect", "impl/server"}, {"impl/server", "impl/interact"}, {"impl/mint", "impl/server"}, {"impl/server", "impl/internal/servertest"},
	} {
		if fault(module+"/"+row[0], module+"/"+row[1]) == "" {
			t.Errorf("%s may import %s", row[0], row[1])
		}
	}
}

// within reports the dependencies of a package, itself left out, that allowed
// does not admit.
func within(t *testing.T, path string, allowed func(listed) bool) {
	t.Helper()
	all := list(t)
	p, ok := all[module+"/"+path]
	if !ok {
		t.Errorf("there is no package %s", path)
	}
	for _, dep := range p.Deps {
		if d := all[dep]; !allowed(d) {
			t.Errorf("%s depends on %s", path, dep)
		}
	}
}

// gen's server is the standard library's.
func TestGeneratedLayerIsStandardLibraryOnly(t *testing.T) {
	within(t, "gen", func(p listed) bool { return p.Standard })
}

// A store knows no HTTP, no OAuth and no other package of ours.
func TestStoreKnowsNoHTTP(t *testing.T) {
	within(t, "impl/store", func(p listed) bool {
		return p.Standard && p.ImportPath != "net/http" && !strings.HasPrefix(p.ImportPath, "net/")
	})
	within(t, "impl/store/memory", func(p listed) bool {
		return p.Standard && p.ImportPath != "net/http" || p.ImportPath == module+"/impl/store"
	})
	all := list(t)
	if p, ok := all[module+"/impl/store/sqlstore"]; ok {
		for _, to := range p.Imports {
			if to == "net/http" || strings.HasPrefix(to, module+"/impl/") && to != module+"/impl/store" && !strings.HasPrefix(to, module+"/impl/store/") {
				t.Errorf("sqlstore imports %s", to)
			}
		}
	}
}

// The server runs on the JWT library, sqlx and the Go project's own modules:
// drivers, command lines and telemetry belong to programs. To encrypt for clients
// it also has go-jose, since JWE is no code to write oneself; what protects a
// resource only verifies, and does without.
func TestServerDependencies(t *testing.T) {
	for _, path := range []string{"impl/server", "impl/interact", "impl/protect"} {
		if _, ok := list(t)[module+"/"+path]; !ok && path == "impl/protect" {
			continue // not there yet
		}
		within(t, path, func(p listed) bool {
			return p.Standard || p.Module != nil && (p.Module.Path == module ||
				strings.HasPrefix(p.Module.Path, "golang.org/x/") ||
				slices.Contains([]string{"github.com/golang-jwt/jwt/v5", "github.com/jmoiron/sqlx"}, p.Module.Path) ||
				path != "impl/protect" && p.Module.Path == "github.com/go-jose/go-jose/v4")
		})
		for _, dep := range list(t)[module+"/"+path].Deps {
			if strings.HasPrefix(dep, module+"/impl/store/sqlstore") || dep == "testing" {
				t.Errorf("%s depends on %s", path, dep)
			}
		}
	}
}

// What protects a resource runs without the authorization server.
func TestProtectDoesNotKnowTheServer(t *testing.T) {
	for _, dep := range list(t)[module+"/impl/protect"].Deps {
		if strings.HasPrefix(dep, module+"/impl/server") {
			t.Errorf("protect depends on %s", dep)
		}
	}
}
