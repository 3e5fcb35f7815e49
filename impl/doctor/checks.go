package doctor

import "context"

// A check is one step that has to go well, and what to do where it does not.
type check struct {
	id   string
	when func(*session) bool // whether the client comes to this step
	run  func(context.Context, *session) verdict
	cure string
}

// The steps, in the order of the clients.
func atMCPServer(s *session) bool     { return s.mcpServer }
func withResource(s *session) bool    { return s.resource != nil }
func withIssuer(s *session) bool      { return s.issuer != "" }
func withMetadata(s *session) bool    { return s.metadata != nil }
func inBrowser(s *session) bool       { return s.metadata != nil && s.client.Origin != "" }
func withDocument(s *session) bool    { return s.byDocument }
func withoutDocument(s *session) bool { return s.metadata != nil && !s.byDocument && mayRegister(s) }
func withClient(s *session) bool      { return s.clientID != "" }
func withRegistration(s *session) bool {
	return s.registered != nil
}
func browserRegisters(s *session) bool { return inBrowser(s) && mayRegister(s) }
func browserClient(s *session) bool    { return inBrowser(s) && s.clientID != "" }
func withOtherPort(s *session) bool    { return s.clientID != "" && s.client.OtherPort != "" }

// checks are everything that is looked at. An id never changes its meaning.
var checks = []check{
	{"mcp-challenge", atMCPServer, checkChallenge,
		"answer requests without a token with 401 and WWW-Authenticate: Bearer (RFC 6750 §3)"},
	{"challenge-resource-metadata", atMCPServer, checkChallengeHint,
		"name the metadata in the challenge: WWW-Authenticate: Bearer resource_metadata=\"https://…\" (RFC 9728 §5.1)"},
	{"resource-metadata", atMCPServer, checkResourceMetadata,
		"serve protected resource metadata as JSON without a token, at /.well-known/oauth-protected-resource followed by the path of the MCP server (RFC 9728 §3); a reverse proxy must pass that path on"},
	{"resource-identifier", withResource, checkResourceIdentifier,
		"make resource the URL that people enter for the MCP server, scheme, host, port and path alike (RFC 9728 §3.3); behind a proxy configure the public URL"},
	{"authorization-servers", withResource, checkAuthorizationServers,
		"list the issuer in authorization_servers (MCP authorization server discovery)"},
	{"resource-scopes", withResource, checkResourceScopes,
		"take offline_access out of the resource's scopes_supported; it belongs in the authorization server's (MCP authorization, Refresh Tokens)"},
	{"server-metadata", withIssuer, checkServerMetadata,
		"serve metadata as JSON at /.well-known/oauth-authorization-server, followed by the issuer's path where it has one (RFC 8414 §3.1); a reverse proxy must pass that path on, although it is not below the issuer's"},
	{"metadata-issuer", withMetadata, checkIssuer,
		"make issuer in the metadata, the issuer's URL and authorization_servers of the resource the same, byte for byte (RFC 8414 §3.3); behind a proxy configure the public URL"},
	{"metadata-members", withMetadata, checkMembers,
		"give every URL of the metadata as text, and leave out what is not there instead of sending null (RFC 8414 §3.2)"},
	{"endpoints-https", withMetadata, checkHTTPS,
		"serve every endpoint over https, at a name that clients can reach (OAuth 2.1 §1.5); behind a proxy configure the public URL"},
	{"response-type-code", withMetadata, checkResponseType,
		"list code in response_types_supported (RFC 8414 §2)"},
	{"pkce-s256", withMetadata, checkPKCE,
		"support S256 and list it in code_challenge_methods_supported; clients stop where it is missing (MCP authorization, Authorization Code Protection)"},
	{"iss-announced", withMetadata, checkIssAnnounced,
		"send iss in every authorization response and say authorization_response_iss_parameter_supported: true (RFC 9207)"},
	{"metadata-cors", inBrowser, checkMetadataCORS,
		"send Access-Control-Allow-Origin: * with both metadata documents, and let preflights pass with mcp-protocol-version"},
	{"client-identification", withMetadata, checkIdentification,
		"offer client_id_metadata_document_supported: true together with none in token_endpoint_auth_methods_supported, or a registration_endpoint that is open"},
	{"client-document", withDocument, checkDocument,
		"look at the document's URL from the server's network; the login with it was not tried from here, but with a registered client where that is possible"},
	{"registration", withoutDocument, checkRegistration,
		"accept this registration without a token (RFC 7591 §3): redirect URIs that cannot be used may be left unused, but must not end it"},
	{"registration-redirect-uris", withRegistration, checkRegisteredURIs,
		"keep the redirect URIs of the registration and return them (RFC 7591 §3.2.1)"},
	{"registration-cors", browserRegisters, checkRegistrationCORS,
		"allow cross-origin POST of application/json to the registration endpoint: preflight with content-type, Access-Control-Allow-Origin: *"},
	{"login-page", withClient, checkLogin,
		"show a page to this authorization request; what the server said instead names what it refuses"},
	{"loopback-port", withOtherPort, checkPort,
		"accept every port in http redirect URIs to localhost, 127.0.0.1 and [::1]; compare the rest exactly (RFC 8252 §7.3)"},
	{"error-response", withClient, checkErrorResponse,
		"refuse an authorization request without code_challenge, by a redirect to the client with error, state and, where it is announced, iss (OAuth 2.1 §4.1.2.1, RFC 9207 §2)"},
	{"token-error", withClient, checkTokenError,
		"answer an unknown code with 400 and the JSON error invalid_grant (OAuth 2.1 §3.2.4); 401 invalid_client makes clients register again"},
	{"token-cors", browserClient, checkTokenCORS,
		"send Access-Control-Allow-Origin for the client's origin with every answer of the token endpoint, errors too"},
}
