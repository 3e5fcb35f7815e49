// Package doctor replays what known clients do before a person signs in: they
// find the authorization server of an MCP server, read its metadata, get a client
// identifier and open the login page. Each step is a check with a name, what was
// sent, what came back, and what to do about it.
//
// It owns the table of clients (how each of them acts, with the source of every
// fact), the table of checks and the run over both. It knows no server of ours:
// it works on any issuer and any MCP server, and sends no credentials of anybody.
// What it registers it removes again where the server lets it.
//
// Not replayed: the fallbacks of clients for servers from before protected
// resource metadata, a second authorization server where several are listed, and
// everything after the login.
package doctor
