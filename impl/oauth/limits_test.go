package oauth

import (
	"slices"
	"strconv"
	"testing"
)

// NewScope takes as many tokens as ParseScope, and no more.
func TestNewScopeIsBounded(t *testing.T) {
	var tokens []string
	for i := range maxScopeTokens {
		tokens = append(tokens, "s"+strconv.Itoa(i))
	}
	if s, err := NewScope(tokens...); err != nil || !slices.Equal(s, tokens) {
		t.Errorf("%d tokens: %v", len(tokens), err)
	}
	if _, err := NewScope(append(tokens, "more")...); err == nil {
		t.Errorf("%d tokens are taken", len(tokens)+1)
	}
}
