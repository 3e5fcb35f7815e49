package speclint_test

import "testing"

// A bite is a change of the document that a rule must notice.
type bite struct {
	rule  string
	what  string
	names string // what one of the faults says
	edits []edit
}

// An edit changes one place of the document as JSON.
type edit func(t *testing.T, root map[string]any)

// drop removes what stands at path.
func drop(path ...any) edit {
	return func(t *testing.T, root map[string]any) {
		t.Helper()
		parent, last := parent(t, root, path)
		if _, ok := parent[last]; !ok {
			t.Fatalf("nothing at %v", path)
		}
		delete(parent, last)
	}
}

// put writes value at path.
func put(value any, path ...any) edit {
	return func(t *testing.T, root map[string]any) {
		t.Helper()
		parent, last := parent(t, root, path)
		parent[last] = value
	}
}

// parent returns the object that the last step of path is a member of.
func parent(t *testing.T, root map[string]any, path []any) (map[string]any, string) {
	t.Helper()
	var at any = root
	for _, step := range path[:len(path)-1] {
		switch step := step.(type) {
		case string:
			at = at.(map[string]any)[step]
		case int:
			at = at.([]any)[step]
		}
		if at == nil {
			t.Fatalf("nothing at %v of %v", step, path)
		}
	}
	return at.(map[string]any), path[len(path)-1].(string)
}

// inToken returns the path of something in the operation token.
func inToken(path ...any) []any { return append([]any{"paths", "/token", "post"}, path...) }

// inSchema returns the path of something in a schema.
func inSchema(name string, path ...any) []any {
	return append([]any{"components", "schemas", name}, path...)
}

type object = map[string]any

var bites = []bite{
	{"valid OpenAPI 3.1", "no info", "info", []edit{drop("info")}},
	{"valid OpenAPI 3.1", "a response without description", "description", []edit{drop(inToken("responses", "200", "description")...)}},

	{"described operations", "no operationId", "operationId", []edit{drop(inToken("operationId")...)}},
	{"described operations", "the same operationId twice", "operationId", []edit{put("revoke", inToken("operationId")...)}},
	{"described operations", "no summary", "token: summary", []edit{drop(inToken("summary")...)}},
	{"described operations", "no description", "token: no description", []edit{drop(inToken("description")...)}},
	{"described operations", "a tag that is not declared", "token: tags", []edit{put([]any{"other"}, inToken("tags")...)}},

	{"sections of standards", "an operation without", "token: x-spec", []edit{drop(inToken("x-spec")...)}},
	{"sections of standards", "a schema that names no section", "TokenAnswer: x-spec", []edit{put("RFC 6749", inSchema("TokenAnswer", "x-spec")...)}},

	{"guards by name", "no security", "token: no security", []edit{drop(inToken("security")...)}},
	{"guards by name", "an alternative that admits everybody", "token: guarded", []edit{put([]any{object{}, object{"client_secret_basic": []any{}}, object{"client_secret_post": []any{}}, object{"none": []any{}}}, inToken("security")...)}},
	{"guards by name", "introspection for public clients", "introspect: guarded", []edit{put([]any{object{"client_secret_basic": []any{}}, object{"client_secret_post": []any{}}, object{"none": []any{}}}, "paths", "/introspect", "post", "security")}},
	{"guards by name", "pages that every origin may read", "consentPage: guarded", []edit{put("any", "paths", "/consent", "get", "x-cors")}},
	{"guards by name", "problems that do not reach the handler", "authorize: guarded", []edit{drop("paths", "/authorize", "get", "x-problem")}},
	{"guards by name", "an operation that the table does not know", "other: not in the table", []edit{put("other", inToken("operationId")...)}},
	{"guards by name", "an operation that is gone", "jwks: not in the document", []edit{drop("paths", "/jwks")}},
	{"guards by name", "security for the whole document", "for all operations", []edit{put([]any{object{"none": []any{}}}, "security")}},

	{"bounded bodies", "no limit", "token: x-max-body", []edit{drop(inToken("x-max-body")...)}},
	{"bounded bodies", "a limit beyond all need", "token: x-max-body", []edit{put(1<<30, inToken("x-max-body")...)}},
	{"bounded bodies", "a second media type", "token: 2 media types", []edit{put(object{"schema": object{"type": "string", "maxLength": 1}}, inToken("requestBody", "content", "text/plain")...)}},
	{"bounded bodies", "a body that may be left out", "required false", []edit{drop(inToken("requestBody", "required")...)}},

	{"path parameters", "no pattern", "client_id has no pattern", []edit{drop("paths", "/register/{client_id}", "get", "parameters", 0, "schema", "pattern")}},
	{"path parameters", "slashes", "takes a slash", []edit{drop("paths", "/.well-known/oauth-protected-resource/{path}", "get", "parameters", 0, "x-rest")}},

	{"one form for GET and POST", "another schema", "/authorize", []edit{put("#/components/schemas/LoginForm", "paths", "/authorize", "get", "parameters", 0, "schema", "$ref")}},
	{"one form for GET and POST", "not exploded", "/authorize", []edit{put(false, "paths", "/authorize", "get", "parameters", 0, "explode")}},
	{"one form for GET and POST", "no POST", "/authorize", []edit{drop("paths", "/authorize", "post")}},

	{"success and failure", "no success", "jwks: no success", []edit{drop("paths", "/jwks", "get", "responses", "200")}},
	{"success and failure", "no failure", "healthz: no 500", []edit{drop("paths", "/healthz", "get", "responses", "500")}},
	{"success and failure", "other methods forgotten", "token: no 405", []edit{drop(inToken("responses", "405")...)}},
	{"success and failure", "other hosts forgotten", "jwks: no 421", []edit{drop("paths", "/jwks", "get", "responses", "421")}},
	{"success and failure", "a body of any size", "token: no 413", []edit{drop(inToken("responses", "413")...)}},
	{"success and failure", "a query of any length", "loginPage: no 414", []edit{drop("paths", "/login", "get", "responses", "414")}},
	{"success and failure", "a path parameter of any kind", "readClient: no 404", []edit{drop("paths", "/register/{client_id}", "get", "responses", "404")}},
	{"success and failure", "nobody refused", "register: no 401", []edit{drop("paths", "/register", "post", "responses", "401")}},
	{"success and failure", "a store that always answers", "jwks: no 503", []edit{drop("paths", "/jwks", "get", "responses", "503")}},
	{"success and failure", "a default", "status", []edit{put(object{"$ref": "#/components/responses/Failed"}, "paths", "/healthz", "get", "responses", "default")}},

	{"error codes", "JSON without an enum", "no error codes", []edit{drop(inSchema("TokenErrorCode", "enum")...)}},
	{"error codes", "JSON that may have no error", "no error codes", []edit{drop(inSchema("TokenError", "required")...)}},
	{"error codes", "a page without", "authorize 400: no error codes", []edit{drop("paths", "/authorize", "get", "responses", "400", "x-error-codes")}},
	{"error codes", "a code of nobody's", `"invalid_mood"`, []edit{put([]any{"invalid_mood"}, inSchema("TokenErrorCode", "enum")...)}},
	{"error codes", "a violation with a code of nobody's", "x-oauth-error", []edit{put("invalid_mood", inSchema("TokenRequest", "properties", "scope", "x-oauth-error")...)}},

	{"caching", "tokens without", "token 200", []edit{drop(inToken("responses", "200", "headers", "Cache-Control")...)}},
	{"caching", "tokens that may be stored", "token 200", []edit{put(object{"$ref": "#/components/headers/CacheHour"}, inToken("responses", "200", "headers", "Cache-Control")...)}},
	{"caching", "a header that may be left out", "is not required", []edit{drop("components", "headers", "NoStore", "required")}},
	{"caching", "refusals that may be stored", "jwks 500", []edit{put(object{"$ref": "#/components/headers/CacheHour"}, "components", "responses", "Failed", "headers", "Cache-Control")}},

	{"required headers", "401 without a challenge", "token 401: WWW-Authenticate", []edit{drop(inToken("responses", "401", "headers", "WWW-Authenticate")...)}},
	{"required headers", "a redirect to nowhere", "consent 303: Location", []edit{drop("paths", "/consent", "post", "responses", "303", "headers", "Location")}},
	{"required headers", "a page without a policy", "Content-Security-Policy", []edit{drop("paths", "/login", "get", "responses", "200", "headers", "Content-Security-Policy")}},
	{"required headers", "429 without a time", "Retry-After", []edit{drop("components", "responses", "TooManyRequests", "headers", "Retry-After")}},

	{"limits", "a property", "TokenRequest.code: no maxLength", []edit{drop(inSchema("TokenRequest", "properties", "code", "maxLength")...)}},
	{"limits", "items", "AuthorizationRequest.resource[]: no maxLength", []edit{drop(inSchema("AuthorizationRequest", "properties", "resource", "items", "maxLength")...)}},
	{"limits", "an array", "ClientMetadata.redirect_uris: no maxItems", []edit{drop(inSchema("ClientMetadata", "properties", "redirect_uris", "maxItems")...)}},
	{"limits", "a path parameter", "readClient parameter client_id: no maxLength", []edit{drop("paths", "/register/{client_id}", "get", "parameters", 0, "schema", "maxLength")}},
	{"limits", "a header", "header SetCookie: no maxItems", []edit{drop("components", "headers", "SetCookie", "schema", "maxItems")}},
	{"limits", "a page", "loginPage 200: no maxLength", []edit{drop("paths", "/login", "get", "responses", "200", "content", "text/html", "schema", "maxLength")}},

	{"explicit types", "a property without", "TokenAnswer.scope", []edit{drop(inSchema("TokenAnswer", "properties", "scope", "type")...)}},
	{"explicit types", "a property with two", "TokenAnswer.scope", []edit{put([]any{"string", "null"}, inSchema("TokenAnswer", "properties", "scope", "type")...)}},

	{"named enums", "inline", "LoginForm.username", []edit{put([]any{"alice"}, inSchema("LoginForm", "properties", "username", "enum")...)}},

	{"names of components", "a schema and a response", "Failed", []edit{put(object{"type": "string"}, inSchema("Failed")...)}},
	{"names of components", "a type of the client", "TokenResponse", []edit{put(object{"type": "string"}, inSchema("TokenResponse")...)}},

	{"no unused component", "a schema", "schemas Idle", []edit{put(object{"type": "string"}, inSchema("Idle")...)}},
	{"no unused component", "a security scheme", "idle", []edit{put(object{"type": "http", "scheme": "basic"}, "components", "securitySchemes", "idle")}},

	{"flat forms", "an array that may not repeat", "TokenRequest.resource", []edit{drop(inSchema("TokenRequest", "properties", "resource", "x-repeatable")...)}},
	{"flat forms", "a string that may repeat", "TokenRequest.code", []edit{put(true, inSchema("TokenRequest", "properties", "code", "x-repeatable")...)}},
	{"flat forms", "an object", "TokenRequest.code: not flat", []edit{put("object", inSchema("TokenRequest", "properties", "code", "type")...)}},
	{"flat forms", "closed", "TokenRequest: a form is open", []edit{put(false, inSchema("TokenRequest", "additionalProperties")...)}},

	{"decoded bodies", "a form", "token: the body", []edit{drop(inSchema("TokenRequest", "x-form")...)}},
	{"decoded bodies", "a query", "authorize: the query", []edit{drop(inSchema("AuthorizationRequest", "x-form")...)}},
	{"decoded bodies", "an object within a body", "register.jwks.keys[]", []edit{drop(inSchema("ClientJWK", "x-json")...)}},

	{"order of checks", "two at one place", "x-order 1", []edit{put(1, inSchema("TokenRequest", "properties", "client_id", "x-order")...)}},
	{"order of checks", "the grant is not first", "not grant_type", []edit{put(7, inSchema("TokenRequest", "properties", "grant_type", "x-order")...)}},

	{"conditions", "a branch without a method", "without a title", []edit{drop(inSchema("TokenRequest", "allOf", 0, "then", "title")...)}},
	{"conditions", "a grant without a branch", "no branch for grant_type password", []edit{put([]any{"authorization_code", "refresh_token", "client_credentials", "password"}, inSchema("GrantType", "enum")...)}},
	{"conditions", "a member that does not exist", "which does not exist", []edit{put([]any{"ticket"}, inSchema("TokenRequest", "allOf", 0, "then", "required")...)}},
	{"conditions", "a required member that does not exist", "required names ticket", []edit{put([]any{"ticket"}, inSchema("LoginForm", "required")...)}},

	{"client metadata thrice", "a laxer update", "ClientUpdate.redirect_uris", []edit{put(1000, inSchema("ClientUpdate", "properties", "redirect_uris", "maxItems")...)}},
	{"client metadata thrice", "a member that cannot be answered", "ClientInformation.logo_uri", []edit{drop(inSchema("ClientInformation", "properties", "logo_uri")...)}},
	{"client metadata thrice", "a list that is answered", "ClientInformation.subject_types_supported", []edit{put(object{"type": "array"}, inSchema("ClientInformation", "properties", "subject_types_supported")...)}},
	{"client metadata thrice", "a member that cannot be registered", "ClientUpdate.trusted", []edit{put(object{"type": "boolean"}, inSchema("ClientUpdate", "properties", "trusted")...)}},

	{"examples everywhere", "an answer without", "jwks 200: no example", []edit{drop("paths", "/jwks", "get", "responses", "200", "content", "application/json", "examples")}},
	{"examples everywhere", "no request that fails", "readClient: 1 requests that succeed, 0", []edit{drop("paths", "/register/{client_id}", "get", "parameters", 0, "examples", "foreign_token")}},

	{"examples in pairs", "a request without its answer", "token: example refresh is answered by []", []edit{drop(inToken("responses", "200", "content", "application/json", "examples", "refresh")...)}},
	{"examples in pairs", "an answer that nobody asks for", "nobody asks for example refresh", []edit{drop(inToken("requestBody", "content", "application/x-www-form-urlencoded", "examples", "refresh")...)}},
	{"examples in pairs", "half a request", "1 of 2 parts", []edit{drop("paths", "/register/{client_id}", "put", "parameters", 0, "examples", "new_name")}},

	{"examples as their schemas demand", "a code without its grant's member", "token body, example code_of_a_native_client", []edit{drop(inToken("requestBody", "content", "application/x-www-form-urlencoded", "examples", "code_of_a_native_client", "value", "code")...)}},
	{"examples as their schemas demand", "an error code that is not listed", "token 401, example wrong_secret", []edit{put("invalid_mood", inToken("responses", "401", "content", "application/json", "examples", "wrong_secret", "value", "error")...)}},
	{"examples as their schemas demand", "a header", "revoke 200 Cache-Control, example unknown_token", []edit{put("public", "paths", "/revoke", "post", "responses", "200", "headers", "Cache-Control", "examples", "unknown_token", "value")}},
	{"examples as their schemas demand", "a parameter", "readClient client_id, example own_registration", []edit{put("a b", "paths", "/register/{client_id}", "get", "parameters", 0, "examples", "own_registration", "value")}},
}
