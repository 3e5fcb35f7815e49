package doctor

// protocolVersion is what clients of the TypeScript SDK and VS Code name in
// MCP-Protocol-Version. Servers must answer discovery whatever it says.
const protocolVersion = "2025-11-25"

var (
	codeAndRefresh = []string{"authorization_code", "refresh_token"}
	code           = []string{"code"}
	sdkHeaders     = map[string]string{"MCP-Protocol-Version": protocolVersion, "Accept": "application/json"}
)

const typeScriptSDK = "modelcontextprotocol/typescript-sdk packages/client/src/client/auth.ts"

// Clients are the known clients. The result is the caller's to change.
func Clients() []Client {
	return []Client{claude(), claudeCode(), chatGPT(), visualStudioCode(), cursor(), inspector()}
}

// claude is what runs on Anthropic's servers: claude.ai, Desktop, mobile.
func claude() Client {
	return Client{
		Name: "claude", Title: "Claude",
		Document:          "https://claude.ai/oauth/mcp-oauth-client-metadata",
		DocumentNeedsNone: true,
		Registration: Registration{
			ClientName:    "Claude",
			RedirectURIs:  []string{"https://claude.ai/api/mcp/auth_callback"},
			GrantTypes:    codeAndRefresh,
			ResponseTypes: code,
			// It asks for a secret, and takes a server's answer of none.
			TokenEndpointAuthMethod: "client_secret_post",
		},
		RedirectURI:   "https://claude.ai/api/mcp/auth_callback",
		OfflineAccess: true,
		RequiresPKCE:  true,
		Sources: []string{
			"https://claude.com/docs/connectors/building/authentication (registration types, none beside metadata documents)",
			"https://support.claude.com/en/articles/11503834-building-custom-connectors-via-remote-mcp-servers (callback, client name)",
			"https://github.com/anthropics/claude-ai-mcp/issues/1043 (client_secret_post in registrations)",
			"https://github.com/anthropics/claude-ai-mcp/issues/96 (authorization request: document, scope, resource, prompt)",
			"https://github.com/home-assistant/core/issues/179326 (selection of metadata documents)",
		},
		Assumed: []string{"discovery headers: none are sent"},
	}
}

func claudeCode() Client {
	return Client{
		Name: "claude-code", Title: "Claude Code",
		Document:          "https://claude.ai/oauth/claude-code-client-metadata",
		DocumentNeedsNone: true,
		Registration: Registration{
			ClientName:              "Claude Code",
			RedirectURIs:            []string{"http://localhost:8088/callback"},
			GrantTypes:              codeAndRefresh,
			ResponseTypes:           code,
			TokenEndpointAuthMethod: "none",
		},
		RedirectURI:   "http://localhost:8088/callback",
		OtherPort:     "http://localhost:54545/callback",
		Headers:       sdkHeaders,
		SlashResource: true,
		RefusesNull:   true,
		StopsAt5xx:    true,
		Sources: []string{
			typeScriptSDK,
			"https://claude.com/docs/connectors/building/authentication (metadata document, loopback callback on any port)",
			"https://docs.zuora.com/zuora-ai/zuora-mcp-server/zuora-mcp-server/configure-zuora-remote-mcp-server/redirect-uris-by-mcp-client (callback)",
		},
		Assumed: []string{"that discovery is the SDK's", "grant types of the registration: as in the metadata document"},
	}
}

func chatGPT() Client {
	return Client{
		Name: "chatgpt", Title: "ChatGPT",
		Document: "https://chatgpt.com/oauth/client.json",
		Registration: Registration{
			ClientName: "ChatGPT",
			RedirectURIs: []string{
				"https://chatgpt.com/connector_platform_oauth_redirect",
				"https://chatgpt.com/connector/oauth/charter-doctor",
			},
			GrantTypes:              codeAndRefresh,
			ResponseTypes:           code,
			TokenEndpointAuthMethod: "none",
		},
		RedirectURI:              "https://chatgpt.com/connector_platform_oauth_redirect",
		RedirectURIWithoutIssuer: "https://chatgpt.com/connector/oauth/charter-doctor",
		RequiresPKCE:             true,
		Sources: []string{
			"https://developers.openai.com/apps-sdk/build/auth (metadata documents before registration, resource as it is told, S256 announced)",
			"https://github.com/gitroomhq/postiz-app/pull/2092 (the callback depends on authorization_response_iss_parameter_supported)",
			"https://github.com/makeplane/plane-mcp-server/pull/165 (both callbacks)",
			"https://github.com/django-oauth/django-oauth-toolkit/pull/1858 (shape of the metadata document)",
		},
		Assumed: []string{"discovery headers: none are sent", "registration, but for the redirect URIs: a public client's"},
	}
}

func visualStudioCode() Client {
	return Client{
		Name: "vscode", Title: "Visual Studio Code",
		Document: "https://vscode.dev/oauth/client-metadata.json",
		Registration: Registration{
			ClientName: "Visual Studio Code",
			ClientURI:  "https://code.visualstudio.com",
			RedirectURIs: []string{
				"https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect",
				"http://127.0.0.1/", "http://127.0.0.1:33418/",
			},
			GrantTypes:              []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"},
			ResponseTypes:           code,
			TokenEndpointAuthMethod: "none",
			ApplicationType:         "native",
		},
		ServerGrants:  true,
		RedirectURI:   "http://127.0.0.1:33418/",
		OtherPort:     "http://127.0.0.1:50123/",
		Headers:       sdkHeaders,
		ExactResource: true,
		Sources: []string{
			"microsoft/vscode src/vs/base/common/oauth.ts (discovery order, comparison of resource, registration)",
			"microsoft/vscode src/vs/workbench/api/common/extHostMcp.ts (challenge, headers, scopes)",
			"https://vscode.dev/oauth/client-metadata.json (metadata document)",
		},
		Assumed: []string{"the version header goes to servers of other origins too, where the source sends it to the MCP server's only"},
	}
}

func cursor() Client {
	return Client{
		Name: "cursor", Title: "Cursor",
		Registration: Registration{
			ClientName: "Cursor",
			RedirectURIs: []string{
				"cursor://anysphere.cursor-mcp/oauth/callback",
				"https://www.cursor.com/agents/mcp/oauth/callback",
				"http://localhost:8787/callback",
			},
			GrantTypes:              codeAndRefresh,
			ResponseTypes:           code,
			TokenEndpointAuthMethod: "none",
		},
		RedirectURI:   "http://localhost:8787/callback",
		Headers:       sdkHeaders,
		SlashResource: true,
		RefusesNull:   true,
		StopsAt5xx:    true,
		Sources: []string{
			"https://github.com/erp-mafia/accounted/pull/2225 (three redirect URIs in one registration)",
			"https://github.com/soflyy/agent-connector-for-wp/issues/111 (one refused URI ends the connection)",
			"https://github.com/better-auth/better-auth/pull/10956 (no application_type)",
			"https://github.com/different-ai/openwork/pull/3059 (token_endpoint_auth_method none)",
		},
		Assumed: []string{"that discovery is the TypeScript SDK's", "client name and grant types", "that of the three redirect URIs it asks for the loopback one"},
	}
}

// inspector is the MCP Inspector connected directly, where the browser's page
// sends every request.
func inspector() Client {
	return Client{
		Name: "inspector", Title: "MCP Inspector",
		Registration: Registration{
			ClientName:              "MCP Inspector",
			ClientURI:               "https://github.com/modelcontextprotocol/inspector",
			RedirectURIs:            []string{"http://localhost:6274/oauth/callback", "http://localhost:6274/oauth/callback/debug"},
			GrantTypes:              codeAndRefresh,
			ResponseTypes:           code,
			TokenEndpointAuthMethod: "none",
		},
		RedirectURI:   "http://localhost:6274/oauth/callback",
		Headers:       sdkHeaders,
		Origin:        "http://localhost:6274",
		SlashResource: true,
		ServerScopes:  true,
		RefusesNull:   true,
		StopsAt5xx:    true,
		Sources: []string{
			"modelcontextprotocol/inspector client/src/lib/auth.ts (registration, scopes)",
			typeScriptSDK,
		},
	}
}
