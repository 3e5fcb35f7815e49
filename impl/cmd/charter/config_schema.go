package main

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newConfigSchema() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration file",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e := json.NewEncoder(cmd.OutOrStdout())
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			return e.Encode(configSchema())
		},
	}
	cmd.Flags().Bool("json", true, "print JSON; there is no other form")
	return cmd
}

// configSchema describes configFile, with the texts of the flags.
func configSchema() map[string]any {
	var o serveOptions
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	o.flags(flags)
	schema := structSchema(reflect.TypeFor[configFile](), func(key string) string { return flags.Lookup(key).Usage })
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "Configuration file of charter"
	return schema
}

// structSchema describes a struct. Descriptions are tags, or what describe
// returns when it is not nil.
func structSchema(t reflect.Type, describe func(key string) string) map[string]any {
	properties, required := make(map[string]any), []string{}
	for f := range t.Fields() {
		key := f.Tag.Get("yaml")
		property := typeSchema(f.Type)
		if enum := f.Tag.Get("enum"); enum != "" {
			property["enum"] = strings.Split(enum, ",")
		}
		if describe != nil {
			property["description"] = describe(key)
		} else {
			property["description"] = f.Tag.Get("description")
		}
		if f.Tag.Get("required") != "" {
			required = append(required, key)
		}
		properties[key] = property
	}
	schema := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func typeSchema(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": typeSchema(t.Elem())}
	case reflect.Struct: // a text stands for its first key alone
		return map[string]any{"anyOf": []any{map[string]any{"type": "string"}, structSchema(t, nil)}}
	}
	return map[string]any{"type": "string"}
}
