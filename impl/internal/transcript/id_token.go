package transcript

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/charterauth/charter/impl/internal/oracle"
)

// idToken compares the ID Token in the last response: the client that it must be
// good for, and after an empty line claims, as the members of a body.
func (p *player) idToken(lines []string) error {
	c, ok := p.clients[lines[0]]
	if !ok || len(lines) < 2 || lines[1] != "" {
		return errors.New("the section begins with a client and an empty line")
	}
	var answer struct {
		IDToken string `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(p.heard.Body), &answer); err != nil || answer.IDToken == "" {
		return fmt.Errorf("the last response has no ID Token: %.200q", p.heard.Body)
	}
	claims, err := json.Marshal(p.server.IDToken(c, answer.IDToken))
	if err != nil {
		return err
	}
	return heard{oracle.Answer{Body: string(claims)}}.checkBody(lines[2:], p.values)
}
