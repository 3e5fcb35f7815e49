package transcript

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// clientKinds are the metadata of the clients that a transcript can start with.
var clientKinds = map[string]string{
	"public":       `{"client_name":"Public","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]}`,
	"native":       `{"client_name":"Native","application_type":"native","redirect_uris":["http://127.0.0.1/cb","com.example.app:/cb","https://app.example.com/claimed"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]}`,
	"confidential": `{"client_name":"Confidential","redirect_uris":["https://web.example.com/cb"],"grant_types":["authorization_code","refresh_token"]}`,
	"posting":      `{"client_name":"Posting","redirect_uris":["https://web.example.com/cb"],"token_endpoint_auth_method":"client_secret_post","grant_types":["authorization_code","refresh_token"]}`,
	"machine":      `{"client_name":"Machine","grant_types":["client_credentials"]}`,
	"resource":     `{"client_name":"Resource server","grant_types":["client_credentials"]}`,
}

// given makes what exists before the conversation:
//
//	client NAME KIND [{metadata that differs}]   registered dynamically
//	operator client NAME KIND [{…}]              registered by the operator
//	grant NAME [scope=a,b] [resource=URI]        alice allowed client NAME, which has its tokens
//	code NAME [scope=a,b] [resource=URI]         the same, the code not redeemed
//	initial access token NAME                    good for an hour
//	document PATH [STATUS] [CACHE-CONTROL] {…}   a client's metadata, at {docs}PATH
//	document client NAME PATH                    whoever has that document, to be given codes and grants
//	content PATH MEDIA-TYPE TEXT                 anything else, at {docs}PATH
//	key NAME ALGORITHM                           a client's key, its public half {NAME.jwk}
func (p *player) given(line string) error {
	words := strings.Fields(line)
	switch {
	case strings.HasPrefix(line, "document client ") && len(words) == 4 && p.documents != nil:
		p.clients[words[2]] = servertest.Client{ID: p.documents.URL + words[3], RedirectURI: "https://app.example.com/cb"}
		p.values[words[2]+".id"] = p.documents.URL + words[3]
		return nil
	case words[0] == "document":
		return p.document(line)
	case words[0] == "content":
		return p.content(line)
	case words[0] == "key" && len(words) == 3:
		return p.key(words[1], words[2])
	case strings.HasPrefix(line, "operator client ") && len(words) >= 4:
		return p.client(words[2], words[3], strings.Join(words[4:], " "), true)
	case words[0] == "client" && len(words) >= 3:
		return p.client(words[1], words[2], strings.Join(words[3:], " "), false)
	case words[0] == "grant" && len(words) >= 2:
		return p.grant(words[1], words[2:])
	case words[0] == "code" && len(words) >= 2:
		_, err := p.code(words[1], words[2:])
		return err
	case strings.HasPrefix(line, "initial access token ") && len(words) == 4:
		token, err := server.CreateInitialAccessToken(context.Background(), p.server.Store, p.server.Clock.Now(), p.server.Clock.Now().Add(time.Hour))
		p.values[words[3]] = token
		return err
	}
	return fmt.Errorf("%q is not among what can be given", line)
}

func (p *player) client(name, kind, changes string, byOperator bool) error {
	metadata, ok := clientKinds[kind]
	if !ok {
		return fmt.Errorf("there is no kind %q of clients", kind)
	}
	if changes != "" {
		changes, err := p.values.fill(changes)
		if err != nil {
			return err
		}
		members := map[string]any{}
		for _, document := range []string{metadata, changes} {
			if err := json.Unmarshal([]byte(document), &members); err != nil {
				return err
			}
		}
		merged, err := json.Marshal(members)
		if err != nil {
			return err
		}
		metadata = string(merged)
	}
	var c servertest.Client
	if byOperator {
		created, secret, err := server.CreateClient(context.Background(), p.server.Store, p.server.Clock.Now(), server.OperatorClient{Metadata: []byte(metadata)})
		if err != nil {
			return err
		}
		c = servertest.Client{ID: created.ID, Secret: secret}
		var registered struct {
			RedirectURIs []string `json:"redirect_uris"`
		}
		if json.Unmarshal([]byte(metadata), &registered) == nil && len(registered.RedirectURIs) > 0 {
			c.RedirectURI = registered.RedirectURIs[0]
		}
	} else {
		c = p.server.Register(metadata)
		p.heardWell["POST "+p.host()+"/register"] = true
	}
	p.clients[name] = c
	maps.Copy(p.values, values{name + ".id": c.ID, name + ".secret": c.Secret, name + ".registration_token": c.RegistrationToken})
	return nil
}

// code runs the authorization request of a client to its code.
func (p *player) code(name string, options []string) (servertest.Client, error) {
	c, ok := p.clients[name]
	if !ok {
		return c, fmt.Errorf("there is no client %s", name)
	}
	changes := url.Values{}
	for _, option := range options {
		key, value, _ := strings.Cut(option, "=")
		changes.Add(key, strings.ReplaceAll(value, ",", " "))
	}
	p.values[name+".code"] = p.server.Code(c, changes)
	p.heardWell["GET "+p.host()+"/authorize"] = true
	return c, nil
}

func (p *player) grant(name string, options []string) error {
	c, err := p.code(name, options)
	if err != nil {
		return err
	}
	form := c.Exchange(p.values[name+".code"], nil)
	if c.Secret != "" && strings.Contains(p.clientMethod(name), "post") {
		form.Set("client_secret", c.Secret)
		c.Secret = ""
	}
	tokens := p.server.Token(c, form)
	p.heardWell["POST "+p.host()+"/token"] = true
	maps.Copy(p.values, values{name + ".access_token": tokens.Access, name + ".refresh_token": tokens.Refresh})
	return nil
}

// clientMethod is how a client authenticates, as the store has it.
func (p *player) clientMethod(name string) string {
	stored, err := p.server.Store.Client(context.Background(), p.clients[name].ID)
	if err != nil {
		return ""
	}
	var metadata struct {
		Method string `json:"token_endpoint_auth_method"`
	}
	if json.Unmarshal(stored.Metadata, &metadata) != nil {
		return ""
	}
	return metadata.Method
}
