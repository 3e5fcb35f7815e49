package speclint_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func isSuccess(status string) bool { return status[0] == '2' || status[0] == '3' }

// checkOutcomes wants what goes well and what goes wrong, by status: a default
// would have none.
func checkOutcomes(doc *openapi3.T) (f faults) {
	for _, op := range operations(doc) {
		good := 0
		for status, ref := range op.Responses.Map() {
			switch {
			case len(status) != 3 || status < "200" || status > "503":
				f.add("%s: status %q", op.name(), status)
			case isSuccess(status):
				good++
				if ref.Ref != "" {
					f.add("%s %s: a success is written where it is answered", op.name(), status)
				}
			}
		}
		if good == 0 {
			f.add("%s: no success", op.name())
		}
		for _, status := range op.failures() {
			if op.Responses.Value(status) == nil {
				f.add("%s: no %s", op.name(), status)
			}
		}
	}
	return f
}

// failures returns the statuses that o answers whatever it does: they follow
// from where it stands and from what it takes.
func (o operation) failures() []string {
	all := []string{"405", "500"}
	if !slices.Contains(o.Tags, "health") { // those are asked at addresses too
		all = append(all, "421")
	}
	if o.RequestBody != nil {
		all = append(all, "400", "413", "415")
	}
	for _, p := range o.Parameters {
		switch p.Value.In {
		case "path":
			all = append(all, "404")
		case "query":
			all = append(all, "400", "414")
		}
	}
	if o.Security != nil && len(*o.Security) > 0 {
		all = append(all, "401")
	}
	if !static[o.OperationID] {
		all = append(all, "503")
	}
	return all
}

// static operations ask no store and no other server.
var static = map[string]bool{"checkSession": true,
	"authorizationServerMetadata": true, "openIDConfiguration": true, "protectedResourceMetadata": true, "protectedResourceMetadataForPath": true, "healthz": true,
}

// codes are the error codes of the standards that the server implements.
var codes = []string{
	// RFC 6749 §4.1.2.1 and §5.2
	"invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope", "server_error",
	"temporarily_unavailable", "invalid_client", "invalid_grant", "unsupported_grant_type",
	// RFC 6750 §3.1
	"invalid_token", "insufficient_scope",
	// RFC 7009 §2.2.1
	"unsupported_token_type",
	// RFC 7591 §3.2.2
	"invalid_redirect_uri", "invalid_client_metadata", "invalid_software_statement", "unapproved_software_statement",
	// RFC 8707 §2
	"invalid_target",
	// OpenID Connect Core §3.1.2.6
	"request_not_supported", "request_uri_not_supported", "invalid_request_object", "invalid_request_uri",
	"registration_not_supported",
	"login_required", "consent_required", "interaction_required", "account_selection_required",
	// Unmet Authentication Requirements §1
	"unmet_authentication_requirements",
}

// checkErrorCodes wants every failure to list its codes: JSON in the enum of its
// error member, pages in x-error-codes. Violations map to known codes only.
func checkErrorCodes(doc *openapi3.T) (f faults) {
	for _, op := range operations(doc) {
		for status, response := range op.responses() {
			if isSuccess(status) && response.Extensions["x-error-codes"] == nil {
				continue
			}
			listed := errorCodes(response)
			if len(listed) == 0 {
				f.add("%s %s: no error codes", op.name(), status)
			}
			for _, code := range listed {
				if !slices.Contains(codes, code) {
					f.add("%s %s: error code %q", op.name(), status, code)
				}
			}
		}
	}
	for name, ref := range doc.Components.Schemas {
		refs := []*openapi3.SchemaRef{ref}
		for _, property := range ref.Value.Properties {
			refs = append(refs, property)
		}
		for _, r := range refs {
			if code := extension(r, "x-oauth-error"); code != nil && !slices.Contains(codes, fmt.Sprint(code)) {
				f.add("%s: x-oauth-error %q", name, code)
			}
		}
	}
	return f
}

func errorCodes(response *openapi3.Response) []string {
	content := response.Content["application/json"]
	if content == nil {
		return texts(response.Extensions["x-error-codes"])
	}
	member := content.Schema.Value.Properties["error"]
	if member == nil || !slices.Contains(content.Schema.Value.Required, "error") {
		return nil
	}
	return texts(any(member.Value.Enum))
}

// checkCaching wants every answer to say whether it may be stored, in a header
// that is written whatever the implementation does. Only public documents may
// be: the successes of what every origin may GET.
func checkCaching(doc *openapi3.T) (f faults) {
	for _, op := range operations(doc) {
		public := op.Extensions["x-cors"] == "any" && op.method == "GET"
		for status, response := range op.responses() {
			header := response.Headers["Cache-Control"]
			if header == nil || !header.Value.Required {
				f.add("%s %s: Cache-Control is not required", op.name(), status)
				continue
			}
			value, _ := header.Value.Schema.Value.Const.(string)
			if may := public && status == "200"; value != "no-store" && !(may && strings.HasPrefix(value, "public, max-age=")) {
				f.add("%s %s: Cache-Control %q", op.name(), status, value)
			}
		}
	}
	return f
}

// checkRequiredHeaders wants the headers without which an answer means nothing.
func checkRequiredHeaders(doc *openapi3.T) (f faults) {
	for _, op := range operations(doc) {
		for status, response := range op.responses() {
			var want []string
			if status[0] == '3' {
				want = append(want, "Location")
			}
			if status == "401" { // RFC 9110 §15.5.2
				want = append(want, "WWW-Authenticate")
			}
			if status == "429" || status == "503" {
				want = append(want, "Retry-After")
			}
			if response.Content["text/html"] != nil {
				want = append(want, "Content-Security-Policy")
			}
			for _, name := range want {
				if header := response.Headers[name]; header == nil || !header.Value.Required {
					f.add("%s %s: %s is not required", op.name(), status, name)
				}
			}
			if status[0] == '3' && status != "303" { // RFC 9700 §4.12
				f.add("%s: a redirect with %s", op.name(), status)
			}
		}
	}
	return f
}
