package main

import (
	"iter"
	"slices"

	"go.yaml.in/yaml/v3"
)

// member returns the value of a key of a mapping, or nil. Of nil and of what is
// no mapping every member is nil.
func member(node *yaml.Node, key string) *yaml.Node {
	for k, value := range members(node) {
		if k == key {
			return value
		}
	}
	return nil
}

// at follows keys from mapping to mapping.
func at(node *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		node = member(node, key)
	}
	return node
}

// members ranges over a mapping in its order, over nothing for anything else.
func members(node *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if node == nil || node.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i < len(node.Content); i += 2 {
			if !yield(node.Content[i].Value, node.Content[i+1]) {
				return
			}
		}
	}
}

// items returns the items of a sequence, or nothing.
func items(node *yaml.Node) []*yaml.Node {
	if node == nil || node.Kind != yaml.SequenceNode {
		return nil
	}
	return node.Content
}

// words returns a sequence of strings.
func words(node *yaml.Node) []string {
	var list []string
	for _, item := range items(node) {
		list = append(list, item.Value)
	}
	return list
}

func text(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

// mapping makes one of keys and values in turn.
func mapping(keysAndValues ...any) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i < len(keysAndValues); i += 2 {
		m.Content = append(m.Content, text(keysAndValues[i].(string)), keysAndValues[i+1].(*yaml.Node))
	}
	return m
}

func sequence(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: items}
}

// insertAfter puts a member behind another of the mapping.
func insertAfter(node *yaml.Node, key, newKey string, value *yaml.Node) {
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			node.Content = slices.Insert(node.Content, i+2, text(newKey), value)
			return
		}
	}
}

// remove takes members out of a mapping.
func remove(node *yaml.Node, keys ...string) {
	for i := 0; i < len(node.Content); {
		if slices.Contains(keys, node.Content[i].Value) {
			node.Content = slices.Delete(node.Content, i, i+2)
		} else {
			i += 2
		}
	}
}
