package openapitest

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// checkHeaders wants the headers that are declared: those that are required to
// be there, all to be as their schemas demand, and one field each unless they
// are arrays.
func checkHeaders(response *openapi3.Response, a answer) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
		header, values := response.Headers[name].Value, a.header.Values(name)
		schema := header.Schema.Value
		if len(values) == 0 {
			if header.Required {
				faults = append(faults, fmt.Sprintf("%d has no %s", a.status, name))
			}
			continue
		}
		// The fields of WWW-Authenticate are one list (RFC 9110 §5.3).
		value := any(strings.Join(values, ", "))
		if schema.Type.Is("array") {
			items := make([]any, len(values))
			for i, v := range values {
				items[i] = v
			}
			value = items
		} else if len(values) > 1 && name != "WWW-Authenticate" {
			faults = append(faults, fmt.Sprintf("%d has %s %d times", a.status, name, len(values)))
		}
		if err := schema.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
			faults = append(faults, fmt.Sprintf("%d %s: %v", a.status, name, err))
		}
	}
	return append(faults, checkRedirect(response, a)...)
}

// checkRedirect wants the error that a redirect carries to be one that the
// document lists.
func checkRedirect(response *openapi3.Response, a answer) []string {
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		return []string{fmt.Sprintf("Location: %v", err)}
	}
	code := to.Query().Get("error")
	listed, _ := response.Extensions["x-error-codes"].([]any)
	if code == "" || slices.Contains(listed, any(code)) {
		return nil
	}
	return []string{fmt.Sprintf("%d redirects with error %q, which is not listed", a.status, code)}
}

// checkContent wants a body of a declared media type and schema, and none where
// none is declared.
func checkContent(response *openapi3.Response, a answer) []string {
	if len(response.Content) == 0 {
		if len(a.body) > 0 {
			return []string{fmt.Sprintf("%d has a body, %.80q", a.status, a.body)}
		}
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil || response.Content[mediaType] == nil {
		return []string{fmt.Sprintf("%d has Content-Type %q", a.status, a.header.Get("Content-Type"))}
	}
	schema, value := response.Content[mediaType].Schema.Value, any(string(a.body))
	if mediaType == "application/json" {
		if err := json.Unmarshal(a.body, &value); err != nil {
			return []string{fmt.Sprintf("%d: %v: %.80q", a.status, err, a.body)}
		}
	}
	var faults []string
	if err := schema.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
		faults = append(faults, fmt.Sprintf("%d: %v", a.status, err))
	}
	return append(faults, undeclared(schema, value, a.status)...)
}

// undeclared finds members that the document does not know, unless it says that
// there may be others.
func undeclared(schema *openapi3.Schema, value any, status int) (faults []string) {
	members, ok := value.(map[string]any)
	if open := schema.AdditionalProperties.Has; !ok || open != nil && *open {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if schema.Properties[name] == nil {
			faults = append(faults, fmt.Sprintf("%d has %s, which is not declared", status, name))
		}
	}
	return faults
}
