package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// A configFile is the configuration file. Its keys are the flags of serve; the
// JSON Schema is made from it, and the descriptions are those of the flags.
type configFile struct {
	Data                     string          `yaml:"data"`
	Store                    string          `yaml:"store"`
	Issuer                   string          `yaml:"issuer"`
	Listen                   string          `yaml:"listen"`
	AdminListen              string          `yaml:"admin-listen"`
	TLSCert                  string          `yaml:"tls-cert"`
	TLSKey                   string          `yaml:"tls-key"`
	Registration             string          `yaml:"registration" enum:"open,token,closed"`
	Resource                 []resourceEntry `yaml:"resource"`
	Scope                    []scopeEntry    `yaml:"scope"`
	DefaultScope             []string        `yaml:"default-scope"`
	TokenFormat              string          `yaml:"token-format" enum:"opaque,ES256,EdDSA,RS256,PS256"`
	RefreshTokens            string          `yaml:"refresh-tokens" enum:"metadata,offline_access,always,never"`
	RequestObjects           string          `yaml:"request-objects" enum:"off,value,reference"`
	SignUp                   bool            `yaml:"sign-up"`
	UpstreamIssuer           string          `yaml:"upstream-issuer"`
	UpstreamName             string          `yaml:"upstream-name"`
	UpstreamClientID         string          `yaml:"upstream-client-id"`
	UpstreamClientSecretFile string          `yaml:"upstream-client-secret-file"`
	UpstreamScope            []string        `yaml:"upstream-scope"`
	Host                     []string        `yaml:"host"`
	TrustedProxy             []string        `yaml:"trusted-proxy"`
	TrustCA                  string          `yaml:"trust-ca"`
	InsecureFetchLoopback    bool            `yaml:"insecure-fetch-loopback"`
	ShutdownNotice           string          `yaml:"shutdown-notice"`
}

// A resourceEntry is a resource, or only its URI.
type resourceEntry struct {
	URI         string   `yaml:"uri" description:"URI of the protected resource" required:"true"`
	Name        string   `yaml:"name" description:"name shown to people"`
	Scopes      []string `yaml:"scopes" description:"scope values that only this resource knows"`
	TokenFormat string   `yaml:"token-format" description:"format of its access tokens" enum:"opaque,ES256,EdDSA,RS256,PS256"`
}

// A scopeEntry is a scope, or only its value.
type scopeEntry struct {
	Name        string `yaml:"name" description:"the scope value" required:"true"`
	Description string `yaml:"description" description:"what it allows, to follow \"It asks to\""`
}

// UnmarshalYAML takes a URI for a resource.
func (e *resourceEntry) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&e.URI)
	}
	type plain resourceEntry
	if err := knownKeys(n, reflect.TypeFor[resourceEntry]()); err != nil {
		return err
	}
	return n.Decode((*plain)(e))
}

// UnmarshalYAML takes a value for a scope.
func (e *scopeEntry) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&e.Name)
	}
	type plain scopeEntry
	if err := knownKeys(n, reflect.TypeFor[scopeEntry]()); err != nil {
		return err
	}
	return n.Decode((*plain)(e))
}

// knownKeys refuses keys that a struct does not have; the decoder looks only at
// those outside of an UnmarshalYAML.
func knownKeys(n *yaml.Node, t reflect.Type) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: this must be a text or have the keys %s", n.Line, strings.Join(keysOf(t), ", "))
	}
	seen := make(map[string]bool)
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if !strings.Contains(" "+strings.Join(keysOf(t), " ")+" ", " "+key.Value+" ") {
			return fmt.Errorf("line %d: unknown key %q; there are %s", key.Line, key.Value, strings.Join(keysOf(t), ", "))
		}
		seen[key.Value] = true
	}
	if required := keysOf(t)[0]; !seen[required] {
		return fmt.Errorf("line %d: %s is missing", n.Line, required)
	}
	return nil
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for f := range t.Fields() {
		keys = append(keys, f.Tag.Get("yaml"))
	}
	return keys
}

// A configPath is the value of --config, and what the file says.
type configPath struct {
	path string
	file configFile
}

func (c *configPath) String() string     { return c.path }
func (c *configPath) Set(s string) error { c.path = s; return nil }
func (c *configPath) Type() string       { return "string" }

// readConfigFile reads a file strictly: one document, no key twice, none
// unknown.
func readConfigFile(path string) (file configFile, err error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return file, fmt.Errorf("--config: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(content))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) { // an empty file says nothing
		return file, fmt.Errorf("%s: %s", path, plainYAML(err))
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return file, fmt.Errorf("%s: there must be one document", path)
	}
	return file, nil
}

var (
	unknownField = regexp.MustCompile(`field (\S+) not found in type \S+`)
	wrongType    = regexp.MustCompile("cannot unmarshal (!!\\w+)(?: `[^`]*`)? into (\\S+)")
)

// plainYAML says what the decoder found in the words of the file, and no value:
// one may be a secret.
func plainYAML(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*yaml.TypeError](err); ok {
		text = strings.Join(e.Errors, "; ")
	}
	text = unknownField.ReplaceAllString(text, `unknown key "$1"; charter config schema shows those that there are`)
	text = wrongType.ReplaceAllString(text, "the value has the wrong type")
	return strings.TrimPrefix(text, "yaml: ")
}

// applyConfigFile sets the flags that neither the command line nor the
// environment sets from the file that --config names.
func applyConfigFile(cmd *cobra.Command) error {
	f := cmd.Flags().Lookup("config")
	if f == nil || f.Value.String() == "" {
		return nil
	}
	c := f.Value.(*configPath)
	var err error
	if c.file, err = readConfigFile(c.path); err != nil {
		return err
	}
	v := reflect.ValueOf(&c.file).Elem()
	for i, key := range keysOf(v.Type()) {
		flag := cmd.Flags().Lookup(key)
		if flag == nil || !fromEnvironment(cmd, flag) {
			continue // a server's configuration, and another command
		}
		if source := sourceOf(flag); source == "flag" || source == "environment" {
			if key == "resource" {
				c.file.Resource = nil // what the file tells of its own resources goes with them
			}
			continue
		}
		if err := setFromFile(flag, v.Field(i).Interface()); err != nil {
			return fmt.Errorf("%s: %s: %w", c.path, key, err)
		}
	}
	return nil
}

// setFromFile sets a flag from a value; one that is empty or absent leaves the
// default.
func setFromFile(flag *pflag.Flag, value any) error {
	var list []string
	switch value := value.(type) {
	case string:
		if value == "" {
			return nil
		}
		return flag.Value.Set(value)
	case bool:
		return flag.Value.Set(fmt.Sprint(value))
	case []string:
		list = value
	case []resourceEntry:
		for _, e := range value {
			list = append(list, e.URI)
		}
	case []scopeEntry:
		for _, e := range value {
			list = append(list, e.Name)
		}
	}
	if list == nil {
		return nil
	}
	return flag.Value.(pflag.SliceValue).Replace(list)
}

// sourceOf says which of flag and environment set a flag; "" is neither.
func sourceOf(f *pflag.Flag) string {
	switch name := environmentName(f.Name); {
	case f.Changed:
		return "flag"
	case os.Getenv(name) != "", f.Name == "store" && os.Getenv(name+"_FILE") != "":
		return "environment"
	}
	return ""
}
