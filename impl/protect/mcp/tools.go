package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/charterauth/charter/impl/protect"
)

// A Tools names, for each tool that needs more than every request does, the
// scopes that its callers need. Tools without an entry need nothing more.
type Tools map[string][]string

// Serve returns s behind g, by the SDK's streamable HTTP. Who calls a tool
// without its scopes gets 403 with a challenge that names them, so that the
// client can ask the person for more (MCP authorization, Runtime Insufficient
// Scope Errors). The rule itself is enforced inside s, where the SDK has decided
// which tool is called; it stays when s is served in another way as well. Call it
// once for each s. options may be nil.
func Serve(g *protect.Guard, s *sdk.Server, t Tools, options *sdk.StreamableHTTPOptions) http.Handler {
	s.AddReceivingMiddleware(t.enforce)
	return Handler(g, t.stepUp(sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, options)))
}

// enforce refuses calls of tools by requests whose token has not their scopes, or
// that no Guard let through.
func (t Tools) enforce(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, r sdk.Request) (sdk.Result, error) {
		call, ok := r.(*sdk.CallToolRequest)
		if ok && !t.allow(call) {
			return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "the tool needs a token with more scope"}
		}
		return next(ctx, method, r)
	}
}

func (t Tools) allow(call *sdk.CallToolRequest) bool {
	required := t[call.Params.Name]
	if len(required) == 0 {
		return true
	}
	if call.Extra == nil || call.Extra.TokenInfo == nil {
		return false
	}
	identity, ok := call.Extra.TokenInfo.Extra[ExtraIdentity].(protect.Identity)
	return ok && identity.HasScopes(required...)
}

// stepUp answers with HTTP what enforce would refuse in the message: only a
// status and a header make a client ask for more. Of what it cannot read, enforce
// is the judge.
func (t Tools) stepUp(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			head, _ := io.ReadAll(io.LimitReader(r.Body, sdk.DefaultMaxRequestBodyBytes))
			if identity, ok := protect.FromContext(r.Context()); !ok || !identity.HasScopes(t.needed(head)...) {
				protect.InsufficientScope(w, r, t.needed(head)...)
				return
			}
			r = r.WithContext(r.Context())
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
		}
		next.ServeHTTP(w, r)
	})
}

// A message is what tells a call of a tool (MCP, Calling Tools).
type message struct {
	Method string
	Params struct{ Name string }
}

// needed returns the scopes of the tools that a message calls, or those of a
// batch (MCP 2025-03-26).
func (t Tools) needed(body []byte) []string {
	var one message
	batch := []message{{}}
	if json.Unmarshal(body, &one) == nil {
		batch[0] = one
	} else if json.Unmarshal(body, &batch) != nil {
		return nil
	}
	var scopes []string
	for _, m := range batch {
		if m.Method == "tools/call" {
			scopes = append(scopes, t[m.Params.Name]...)
		}
	}
	return scopes
}
