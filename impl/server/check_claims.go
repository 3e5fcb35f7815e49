package server

import (
	"encoding/json"
	"slices"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
)

// A claimsRequest is the claims parameter (OpenID Connect Core §5.5), by names.
type claimsRequest struct {
	UserInfo map[string]claimRequest `json:"userinfo,omitempty"`
	IDToken  map[string]claimRequest `json:"id_token,omitempty"`
}

// A claimRequest is what is asked of one claim (§5.5.1); the zero claimRequest
// asks for it as a voluntary claim.
type claimRequest struct {
	Essential bool              `json:"essential,omitempty"`
	Value     json.RawMessage   `json:"value,omitempty"`
	Values    []json.RawMessage `json:"values,omitempty"`
}

// maxClaimsAsked bounds the claims that one request can name, for each target.
const maxClaimsAsked = 64

// checkClaims reads the claims parameter of an OpenID request. Members that are
// not understood are ignored (§5.5), and claims that nobody knows are asked for in
// vain (§5.5.1).
func (s *Server) checkClaims(q gen.AuthorizationRequest) (claimsRequest, error) {
	var asked claimsRequest
	if q.Claims == "" || !s.scopes.asksIdentity(q.Scope) {
		return asked, nil
	}
	refused := oauth.InvalidRequest("claims_malformed", "claims is not a JSON object as OpenID Connect Core section 5.5 describes it")
	var members map[string]map[string]*claimRequest
	if err := decodeClaims(q.Claims, &members); err != nil {
		return asked, refused.Because(err)
	}
	for target, into := range map[string]*map[string]claimRequest{"userinfo": &asked.UserInfo, "id_token": &asked.IDToken} {
		if len(members[target]) > maxClaimsAsked {
			return claimsRequest{}, oauth.InvalidRequest("claims_many", "claims names too many claims")
		}
		for name, request := range members[target] {
			if *into == nil {
				*into = make(map[string]claimRequest)
			}
			if request == nil {
				request = &claimRequest{}
			}
			(*into)[name] = *request
		}
	}
	return asked, nil
}

// decodeClaims takes the two members that are known; any other may be of any
// type.
func decodeClaims(document string, into *map[string]map[string]*claimRequest) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(document), &members); err != nil {
		return err
	}
	*into = make(map[string]map[string]*claimRequest)
	for _, target := range []string{"userinfo", "id_token"} {
		var asked map[string]*claimRequest
		if members[target] == nil {
			continue
		}
		if err := json.Unmarshal(members[target], &asked); err != nil {
			return err
		}
		(*into)[target] = asked
	}
	return nil
}

// subjects are the persons of whom the request wants one, as the client knows
// them (OpenID Connect Core §5.5.1, the sub claim); nil is anybody.
func (r claimsRequest) subjects() []string {
	return slices.Concat(r.IDToken["sub"].texts(), r.UserInfo["sub"].texts())
}

// essentialACR are the classes of which the ID Token must have one (§5.5.1.1); nil
// is any.
func (r claimsRequest) essentialACR() []string {
	if acr := r.IDToken["acr"]; acr.Essential {
		return acr.texts()
	}
	return nil
}

// texts are the values asked for that are strings.
func (r claimRequest) texts() []string {
	var texts []string
	for _, raw := range append(slices.Clip(r.Values), r.Value) {
		var text string
		if raw != nil && json.Unmarshal(raw, &text) == nil {
			texts = append(texts, text)
		}
	}
	return texts
}

// named lists the claims about the person that are asked for by name, sorted,
// without those that follow from scopes.
func (r claimsRequest) named(scopes []string) []string {
	var names []string
	for _, asked := range []map[string]claimRequest{r.UserInfo, r.IDToken} {
		for name := range asked {
			if mint.ProtocolClaim(name) || slices.Contains(scopes, scopeOf(name)) || slices.Contains(names, name) {
				continue
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// without returns the request but for the claims of scopes that were asked for
// and not allowed: what a person unticked is not told by another way.
func (r claimsRequest) without(asked, allowed []string) claimsRequest {
	keep := func(claims map[string]claimRequest) map[string]claimRequest {
		var kept map[string]claimRequest
		for name, request := range claims {
			if scope := scopeOf(name); scope == "" || !slices.Contains(asked, scope) || slices.Contains(allowed, scope) {
				if kept == nil {
					kept = make(map[string]claimRequest)
				}
				kept[name] = request
			}
		}
		return kept
	}
	return claimsRequest{keep(r.UserInfo), keep(r.IDToken)}
}
