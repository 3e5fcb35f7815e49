package main

import (
	"bytes"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// annotate returns the document as its readers need it, in its order. What it
// says is the same; what renderers do not understand is said once more in their
// words: the links of x-spec, the parameters of each grant, and the examples as
// whole requests.
func annotate(document []byte) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return nil, err
	}
	if len(root.Content) == 0 {
		return nil, errors.New("the document is empty")
	}
	doc := root.Content[0]
	found, err := addLinks(doc)
	if err != nil {
		return nil, err
	}
	if found == 0 {
		return nil, errors.New("no x-spec was found")
	}
	if err := addSamples(doc); err != nil {
		return nil, err
	}
	if err := splitForms(doc); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&root); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// addLinks puts externalDocs (OpenAPI 3.1 §4.8.11), which renderers show, after
// every x-spec at node and below, and returns how many it found.
func addLinks(node *yaml.Node) (found int, err error) {
	for _, child := range node.Content {
		n, err := addLinks(child)
		if err != nil {
			return 0, err
		}
		found += n
	}
	spec := member(node, "x-spec")
	if spec == nil || spec.Value == own {
		return found, nil
	}
	if member(node, "externalDocs") != nil {
		return 0, fmt.Errorf("line %d: x-spec beside externalDocs", spec.Line)
	}
	url, err := address(spec.Value)
	if err != nil {
		return 0, fmt.Errorf("line %d: %w", spec.Line, err)
	}
	docs := mapping("description", text(spec.Value), "url", text(url))
	docs.Style = yaml.FlowStyle
	insertAfter(node, "x-spec", "externalDocs", docs)
	return found + 1, nil
}
