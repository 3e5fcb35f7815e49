package transcript

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/internal/oracle"
)

// jwt opens a token, or the body of the last response, and compares its header and its claims, as members of a
// response are. It says nothing of the signature; who accepts the token does.
func (p *player) jwt(lines []string) error {
	token, err := p.values.fill(lines[0])
	if lines[0] == "the body" {
		token = p.heard.Body
	}
	if err != nil {
		return err
	}
	parts := strings.Split(token, ".")
	end := slices.Index(lines, "")
	if len(parts) != 3 || end < 0 {
		return errors.New("it is no JWT in three parts, or the section has no claims")
	}
	var problems []error
	for i, want := range [][]string{lines[1:end], lines[end+1:]} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return err
		}
		err = heard{oracle.Answer{Body: string(text)}}.checkBody(want, p.values)
		if err != nil {
			problems = append(problems, fmt.Errorf("part %d: %w", i+1, err))
		}
	}
	return errors.Join(problems...)
}
