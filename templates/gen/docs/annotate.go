package main

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// annotate returns the document with a link beside every x-spec: a line of
// externalDocs (OpenAPI 3.1 §4.8.11), which is what renderers show. Nothing else
// is changed, so that the reference reads as the contract does, in its order.
func annotate(document []byte) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return nil, err
	}
	links := make(map[int]string) // by the line that they follow, from 1
	if err := collect(&root, links); err != nil {
		return nil, err
	}
	if len(links) == 0 {
		return nil, errors.New("no x-spec was found")
	}
	var out strings.Builder
	number := 0
	for line := range strings.Lines(string(document)) {
		number++
		out.WriteString(line)
		out.WriteString(links[number])
	}
	// A second externalDocs would be a duplicate key: no document any more.
	var parsed any
	return []byte(out.String()), yaml.Unmarshal([]byte(out.String()), &parsed)
}

// collect adds the link of every x-spec at node and below.
func collect(node *yaml.Node, links map[int]string) error {
	for _, child := range node.Content {
		if err := collect(child, links); err != nil {
			return err
		}
	}
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Value != "x-spec" || value.Value == own {
			continue
		}
		if node.Style&yaml.FlowStyle != 0 || value.Line != key.Line || value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			return fmt.Errorf("line %d: x-spec must have a line to itself", key.Line)
		}
		url, err := address(value.Value)
		if err != nil {
			return fmt.Errorf("line %d: %w", key.Line, err)
		}
		links[key.Line] = fmt.Sprintf("%sexternalDocs: {description: %q, url: %q}\n", strings.Repeat(" ", key.Column-1), value.Value, url)
	}
	return nil
}
