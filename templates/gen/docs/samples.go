package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// addSamples gives every operation its examples as requests (the extension
// x-codeSamples), with the headers that they are sent with: renderers show the
// parameters of an example alone.
func addSamples(doc *yaml.Node) error {
	servers := items(member(doc, "servers"))
	if len(servers) == 0 {
		return errors.New("servers are missing: a request needs a host")
	}
	host, err := url.Parse(member(servers[0], "url").Value)
	if err != nil {
		return err
	}
	for path, methods := range members(member(doc, "paths")) {
		for method, operation := range members(methods) {
			if member(operation, "operationId") == nil {
				continue // parameters or the like of all methods
			}
			samples := sequence()
			for _, name := range exampleNames(operation) {
				r := sample{method: strings.ToUpper(method), path: path, host: host.Host}
				if err := r.fill(operation, name); err != nil {
					return fmt.Errorf("%s, example %s: %w", path, name, err)
				}
				source := text(r.String())
				source.Style = yaml.LiteralStyle
				samples.Content = append(samples.Content, mapping("lang", text("HTTP"), "label", text(strings.ReplaceAll(name, "_", " ")), "source", source))
			}
			insertAfter(operation, "operationId", "x-codeSamples", samples)
		}
	}
	return nil
}

// exampleNames returns the names of the request examples, in order. An operation
// that takes nothing has the request that every answer is to.
func exampleNames(operation *yaml.Node) []string {
	var names []string
	add := func(examples *yaml.Node) {
		for name := range members(examples) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, parameter := range items(member(operation, "parameters")) {
		add(member(parameter, "examples"))
	}
	for _, content := range members(at(operation, "requestBody", "content")) {
		add(member(content, "examples"))
	}
	if len(names) == 0 {
		for status, response := range members(member(operation, "responses")) {
			if status == "200" {
				for _, content := range members(member(response, "content")) {
					add(member(content, "examples"))
				}
			}
		}
	}
	if len(names) == 0 {
		names = []string{"request"}
	}
	return names
}

// A sample is a request as HTTP/1.1 writes it.
type sample struct {
	method, path, query, host, body string
	headers                         []string
}

// fill takes what the examples with this name say.
func (r *sample) fill(operation *yaml.Node, name string) error {
	taken := false
	for _, parameter := range items(member(operation, "parameters")) {
		example := at(parameter, "examples", name)
		r.carry(example)
		taken = true
		value := member(example, "value")
		if value == nil {
			continue
		}
		switch {
		case value.Kind == yaml.MappingNode:
			r.query = form(value)
		case member(parameter, "in").Value == "path":
			r.path = strings.Replace(r.path, "{"+member(parameter, "name").Value+"}", url.PathEscape(value.Value), 1)
		default:
			r.query = form(mapping(member(parameter, "name").Value, value))
		}
	}
	for mediaType, content := range members(at(operation, "requestBody", "content")) {
		example := at(content, "examples", name)
		r.carry(example)
		taken = true
		r.headers = append(r.headers, "Content-Type: "+mediaType)
		if err := r.encode(mediaType, member(example, "value")); err != nil {
			return err
		}
	}
	if taken {
		return nil
	}
	for _, content := range members(at(operation, "responses", "200", "content")) {
		r.carry(at(content, "examples", name))
	}
	return nil
}

// carry adds the headers that an example says a request has.
func (r *sample) carry(example *yaml.Node) {
	if v := member(example, "x-authorization"); v != nil {
		r.headers = append(r.headers, "Authorization: "+v.Value)
	}
	if v := member(example, "x-cookie"); v != nil {
		r.headers = append(r.headers, "Cookie: "+v.Value)
	}
}

func (r *sample) encode(mediaType string, value *yaml.Node) error {
	if mediaType != "application/json" {
		r.body = form(value)
		return nil
	}
	var compact, indented bytes.Buffer
	if err := writeJSON(&compact, value); err != nil {
		return err
	}
	err := json.Indent(&indented, compact.Bytes(), "", "  ")
	r.body = indented.String()
	return err
}

func (r *sample) String() string {
	target := r.path
	if r.query != "" {
		target += "?" + r.query
	}
	lines := append([]string{r.method + " " + target + " HTTP/1.1", "Host: " + r.host}, r.headers...)
	if r.body != "" {
		lines = append(lines, "", r.body)
	}
	return strings.Join(lines, "\n") + "\n"
}

// form encodes members as application/x-www-form-urlencoded, in their order.
func form(value *yaml.Node) string {
	var pairs []string
	for name, v := range members(value) {
		values := items(v)
		if v.Kind == yaml.ScalarNode {
			values = []*yaml.Node{v}
		}
		for _, one := range values {
			pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(one.Value))
		}
	}
	return strings.Join(pairs, "&")
}

// writeJSON writes a node as JSON, with members in their order.
func writeJSON(out *bytes.Buffer, node *yaml.Node) error {
	switch node.Kind {
	case yaml.MappingNode:
		out.WriteByte('{')
		for i := 0; i < len(node.Content); i += 2 {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := writeMember(out, node.Content[i], node.Content[i+1]); err != nil {
				return err
			}
		}
		out.WriteByte('}')
	case yaml.SequenceNode:
		out.WriteByte('[')
		for i, item := range node.Content {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := writeJSON(out, item); err != nil {
				return err
			}
		}
		out.WriteByte(']')
	default:
		var value any
		if err := node.Decode(&value); err != nil {
			return err
		}
		b, err := json.Marshal(value)
		if err != nil {
			return err
		}
		out.Write(b)
	}
	return nil
}

func writeMember(out *bytes.Buffer, name, value *yaml.Node) error {
	if err := writeJSON(out, name); err != nil {
		return err
	}
	out.WriteByte(':')
	return writeJSON(out, value)
}
