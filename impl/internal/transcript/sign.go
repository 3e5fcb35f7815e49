package transcript

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/charterauth/charter/impl/jose"
)

// key makes a key of a client: key NAME ALGORITHM. {NAME.jwk} is its public half.
func (p *player) key(name, algorithm string) error {
	key, err := jose.Generate(jose.Algorithm(algorithm))
	if err != nil {
		return err
	}
	jwk, err := key.Public().MarshalJSON()
	p.keys[name], p.values[name+".jwk"] = key, string(jwk)
	return err
}

// sign makes a JWT: its name, the key and the typ of its header, and after an empty
// line claims, as JSON values, or as text that needs no quotes.
func (p *player) sign(lines []string) error {
	words := strings.Fields(lines[0])
	if len(words) != 4 || words[1] != "by" || len(lines) < 3 || lines[1] != "" {
		return fmt.Errorf("%q does not begin a JWT: NAME by KEY TYP, an empty line, claims", lines[0])
	}
	key, ok := p.keys[words[2]]
	if !ok {
		return fmt.Errorf("there is no key %s", words[2])
	}
	claims := map[string]json.RawMessage{}
	for _, line := range lines[2:] {
		f := memberLine.FindStringSubmatch(line)
		if f == nil {
			return fmt.Errorf("%q is no claim", line)
		}
		value, err := p.values.fill(f[2])
		if err != nil {
			return err
		}
		claims[f[1]] = json.RawMessage(value)
		if !json.Valid([]byte(value)) {
			if claims[f[1]], err = json.Marshal(value); err != nil {
				return err
			}
		}
	}
	token, err := key.Sign(words[3], claims)
	p.values[words[0]] = token
	return err
}

// content puts text at a path of {docs}: content PATH MEDIA-TYPE TEXT.
func (p *player) content(line string) error {
	words := strings.SplitN(line, " ", 4)
	if len(words) != 4 || p.documents == nil {
		return fmt.Errorf("%q is no path, media type and text, or the server section does not turn documents on", line)
	}
	text, err := p.values.fill(words[3])
	if err != nil {
		return err
	}
	p.documents.put(words[1], document{status: 200, mediaType: words[2], body: text})
	return nil
}
