package main

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// splitForms writes each schema whose members depend on one of them, by allOf of
// if and then, as oneOf: a schema for each value, titled with it. Renderers show
// of an if alone what is in then.
func splitForms(doc *yaml.Node) error {
	for name, schema := range members(at(doc, "components", "schemas")) {
		if !isForm(schema) {
			continue
		}
		choices, err := choicesOf(schema)
		if err != nil {
			return fmt.Errorf("schema %s: %w", name, err)
		}
		insertAfter(schema, "allOf", "oneOf", sequence(choices...))
		remove(schema, "allOf", "properties", "required", "type")
	}
	return nil
}

func isForm(schema *yaml.Node) bool {
	branches := items(member(schema, "allOf"))
	return len(branches) > 0 && member(branches[0], "if") != nil
}

// A choice is what one branch says: which member has which value, and what is
// there then.
type choice struct {
	key, value         string
	required, optional []string
}

// choicesOf returns a schema for each branch. A property that no branch names is
// of all of them; the others are of those that name it.
func choicesOf(schema *yaml.Node) ([]*yaml.Node, error) {
	var branches []choice
	var named []string
	for _, branch := range items(member(schema, "allOf")) {
		c := choice{required: words(at(branch, "then", "required")), optional: words(at(branch, "then", "x-optional"))}
		for key, property := range members(at(branch, "if", "properties")) {
			c.key, c.value = key, member(property, "const").Value
		}
		if c.value == "" {
			return nil, errors.New("a branch depends on no const")
		}
		named = slices.Concat(named, c.required, c.optional)
		branches = append(branches, c)
	}
	var schemas []*yaml.Node
	for _, c := range branches {
		schemas = append(schemas, c.schema(schema, named))
	}
	return schemas, nil
}

func (c choice) schema(schema *yaml.Node, named []string) *yaml.Node {
	properties := mapping()
	var required []*yaml.Node
	for name, property := range members(member(schema, "properties")) {
		needed := name == c.key || slices.Contains(c.required, name) || slices.Contains(words(member(schema, "required")), name)
		switch {
		case name == c.key:
			property = mapping("type", text("string"), "const", text(c.value))
			property.Style = yaml.FlowStyle
		case !needed && slices.Contains(named, name) && !slices.Contains(c.optional, name):
			continue
		}
		properties.Content = append(properties.Content, text(name), property)
		if needed {
			required = append(required, text(name))
		}
	}
	return mapping("title", text(c.value), "type", text("object"), "required", sequence(required...), "properties", properties)
}
