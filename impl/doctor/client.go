package doctor

import "slices"

// A Client is how one known client acts, as far as a server can tell the
// difference.
type Client struct {
	// Name is what --client takes, Title what people call it.
	Name, Title string

	// Document is the URL of its Client ID Metadata Document. Empty: it has none.
	Document string
	// DocumentNeedsNone: it uses Document only where the metadata also lists the
	// authentication method none.
	DocumentNeedsNone bool
	// Registration is what it registers otherwise (RFC 7591 §2).
	Registration Registration
	// RedirectURI is where it wants the code. It is in Registration.
	RedirectURI string
	// RedirectURIWithoutIssuer is used instead where the server does not announce
	// the iss parameter (RFC 9207 §3). Empty: RedirectURI.
	RedirectURIWithoutIssuer string
	// OtherPort is RedirectURI as it may also be: with a port that was not
	// registered (RFC 8252 §7.3). Empty: the client always has the same.
	OtherPort string

	// Headers are sent with discovery requests.
	Headers map[string]string
	// Origin is the web origin that it runs in. Empty: it is no web page, and
	// needs no CORS.
	Origin string

	// ExactResource: it refuses metadata whose resource is not the very URL that
	// it was given. Otherwise a resource that the URL lies below will do.
	ExactResource bool
	// SlashResource: it writes a resource without path with a slash at the end.
	SlashResource bool
	// ServerScopes: where no resource tells scopes, it asks for all that the
	// authorization server has.
	ServerScopes bool
	// ServerGrants: it registers those of its grant types that the server lists.
	ServerGrants bool
	// OfflineAccess: it asks for offline_access where the server has it.
	OfflineAccess bool
	// RefusesNull: a member that is null makes it refuse the whole document.
	RefusesNull bool
	// StopsAt5xx: it looks for metadata no further once a server fails.
	StopsAt5xx bool
	// RequiresPKCE: it refuses metadata that do not list S256.
	RequiresPKCE bool

	// Sources say where all of this is from: repository and path, or address.
	Sources []string
	// Assumed is what no source says, and how it was filled in.
	Assumed []string
}

// A Registration is client metadata as a client sends it (RFC 7591 §2).
type Registration struct {
	ClientName              string   `json:"client_name"`
	ClientURI               string   `json:"client_uri,omitempty"`
	RedirectURIs            []string `json:"redirect_uris"`
	GrantTypes              []string `json:"grant_types"`
	ResponseTypes           []string `json:"response_types"`
	TokenEndpointAuthMethod string   `json:"token_endpoint_auth_method"`
	ApplicationType         string   `json:"application_type,omitempty"`
	Scope                   string   `json:"scope,omitempty"`
}

// throwAway is what doctor registers in the client's place. Only the name
// differs: a server that gives the same client for the same metadata must not
// give the real one, which is then removed.
func (c Client) throwAway(scope string, serverGrants []string) Registration {
	r := c.Registration
	r.ClientName = "charter doctor, as " + c.Title
	r.Scope = scope
	if c.ServerGrants && len(serverGrants) > 0 {
		r.GrantTypes = slices.DeleteFunc(slices.Clone(r.GrantTypes), func(g string) bool { return !slices.Contains(serverGrants, g) })
	}
	return r
}

// Find returns the known client of that name.
func Find(name string) (Client, bool) {
	for _, c := range Clients() {
		if c.Name == name {
			return c, true
		}
	}
	return Client{}, false
}

// Names are those that Find knows, in the order of Clients.
func Names() []string {
	var names []string
	for _, c := range Clients() {
		names = append(names, c.Name)
	}
	return names
}
