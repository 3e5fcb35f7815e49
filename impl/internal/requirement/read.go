package requirement

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var id = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*(-[A-Za-z0-9.]+)+-[0-9]+$`)

// Read reads the comment of a transcript: the ids that it proves, in their order,
// and one sentence. It fails for an id that is not known or named twice, and when
// either is missing.
func Read(comment string, known map[string]Requirement) (ids []string, sentence string, err error) {
	var words []string
	for word := range strings.FieldsSeq(comment) {
		name := strings.TrimSuffix(word, ",")
		if len(words) > 0 || !id.MatchString(name) {
			words = append(words, word)
			continue
		}
		if _, ok := known[name]; !ok {
			return nil, "", fmt.Errorf("there is no requirement %s", name)
		}
		if slices.Contains(ids, name) {
			return nil, "", fmt.Errorf("%s is named twice", name)
		}
		ids = append(ids, name)
	}
	sentence = strings.Join(words, " ")
	if len(ids) == 0 {
		return nil, "", errors.New("the comment names no requirement")
	}
	if !strings.HasSuffix(sentence, ".") {
		return nil, "", errors.New("the comment has no sentence")
	}
	return ids, sentence, nil
}
