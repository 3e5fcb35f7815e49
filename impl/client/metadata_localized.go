package client

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/charterauth/charter/impl/oauth"
)

// localizable are the members that RFC 7591 §2.2 gives language tags.
var localizable = []string{"client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri"}

const (
	maxLocalized     = 64   // translations that are kept
	maxLocalizedName = 256  // characters, as client_name
	maxLocalizedURI  = 2048 // bytes, as client_uri
)

func isURIMember(name string) bool {
	base, _, _ := strings.Cut(name, "#")
	return strings.HasSuffix(base, "_uri")
}

// readLocalized takes members such as client_name#ja-Jpan-JP. What has no
// language tag after the "#" is a member that is not understood, and ignored.
// Tags do not differ by case (RFC 7591 §2.2), so two that would are refused: one
// of them would have to win.
func (m *Metadata) readLocalized(members map[string]json.RawMessage) error {
	seen := make(map[string]bool)
	for name, raw := range members {
		base, tag, ok := strings.Cut(name, "#")
		if !ok || !slices.Contains(localizable, base) || !languageTag(tag) || string(raw) == "null" {
			continue
		}
		var value string
		if json.Unmarshal(raw, &value) != nil || longLocalized(name, value) {
			return oauth.InvalidClientMetadata("localized_malformed", base+" has a malformed or too long translation")
		}
		if value == "" {
			continue
		}
		folded := base + "#" + strings.ToLower(tag)
		if seen[folded] {
			return oauth.InvalidClientMetadata("localized_twice", base+" has two translations for one language")
		}
		if m.Localized == nil {
			m.Localized = make(map[string]string)
		}
		seen[folded], m.Localized[name] = true, value
		if len(m.Localized) > maxLocalized {
			return oauth.InvalidClientMetadata("localized_many", "the metadata has too many translations")
		}
	}
	return nil
}

func longLocalized(name, value string) bool {
	if isURIMember(name) {
		return len(value) > maxLocalizedURI
	}
	return utf8.RuneCountInString(value) > maxLocalizedName
}

// languageTag admits the shape of BCP 47 tags: subtags of at most eight letters
// and digits.
func languageTag(tag string) bool {
	if len(tag) > 35 { // RFC 5646 §4.4.1
		return false
	}
	for subtag := range strings.SplitSeq(tag, "-") {
		if subtag == "" || len(subtag) > 8 {
			return false
		}
		for i := range len(subtag) {
			if c := subtag[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}
