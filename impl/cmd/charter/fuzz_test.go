package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// FuzzConfigFile is FUZZ-18: a file is refused in one message that begins with
// its name, or says the same when it is written again; and what it says goes into
// flags or is refused by the key.
func FuzzConfigFile(f *testing.F) {
	for _, s := range []string{"", "listen: 127.0.0.1:1\nscope: [a]\nresource: [{uri: 'https://a.example.com', scopes: [x]}]\n", "issuer: https://a.example\nissuer: https://b.example\n", "isuer: x", "a: &a [*a]", "--- \n---\n",
		"resource: {uri: x}", "scope: [{name: a, description: 'b'}, c]", "insecure-fetch-loopback: yes", "listen: 1", "host: [!!binary AAAA]", "trusted-proxy: [10.0.0.0/8]\nshutdown-notice: 5s", "<<: {listen: x}", "default-scope: null", "\xff\xfe"} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "charter.yaml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := readConfigFile(path)
		cmd := newServe()
		applied := cmd.ParseFlags([]string{"--config", path})
		if applied == nil {
			applied = applyConfigFile(cmd)
		}
		if err != nil {
			if applied == nil || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("%q is refused with %v, and applied with %v", content, err, applied)
			}
			return
		}
		if applied != nil {
			key := strings.TrimPrefix(applied.Error(), path+": ")
			key, _, _ = strings.Cut(key, ":")
			if !strings.Contains(string(content), key) {
				t.Errorf("%q: the refusal %v names no key of the file", content, applied)
			}
			return
		}
		text, err := yaml.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if again, err := readConfigFile(path); err != nil || !reflect.DeepEqual(normal(file), normal(again)) {
			t.Errorf("%q reads as %+v, written again as %+v, %v", content, file, again, err)
		}
	})
}

// normal takes an empty list for none: YAML writes both the same way.
func normal(c configFile) configFile {
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		if list := v.Field(i); list.Kind() == reflect.Slice && list.Len() == 0 {
			list.SetZero()
		}
	}
	for i := range c.Resource {
		if len(c.Resource[i].Scopes) == 0 {
			c.Resource[i].Scopes = nil
		}
	}
	return c
}
