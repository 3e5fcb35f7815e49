// Package mcp puts a protect.Guard before servers of the official MCP Go SDK,
// github.com/modelcontextprotocol/go-sdk. It is a package of its own so that
// protect does not depend on the SDK.
package mcp
