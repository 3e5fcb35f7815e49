package store

import "time"

// A Client is a stored registration. Client ID metadata documents are never
// stored as clients.
type Client struct {
	ID       string
	Metadata []byte         // the registered metadata, a JSON object (RFC 7591 §2), as the server projected it
	Secrets  []ClientSecret // the secrets that are good, newest first; nil for public clients
	Source   string         // who registered it: "operator" or "dynamic"

	// Fingerprint makes dynamic registration of a public client idempotent; zero
	// where it does not apply.
	Fingerprint Digest
	// Shared is set when one registration answered for several registrants; none
	// of them may change or delete it any more.
	Shared bool
	// InsecureNoPKCE lets this confidential client omit PKCE; only an operator
	// sets it.
	InsecureNoPKCE bool
	// InsecureLegacyJWT takes JWTs of this client as they were made before their
	// rules were tightened; only an operator sets it.
	InsecureLegacyJWT bool
	// DisabledAt is when an operator disabled the client; zero while enabled.
	DisabledAt time.Time

	Revision   int64 // raised by one by ReplaceClient, and by becoming Shared; for compare-and-swap
	CreatedAt  time.Time
	UpdatedAt  time.Time
	LastUsedAt time.Time // zero when never used
	ExpiresAt  time.Time // when an unused registration may be swept; zero is never
}

// A ClientSecret is the stored form of a client secret: never the secret in
// clear.
type ClientSecret struct {
	// Hash is "sha256:" + base64url for secrets that Charter generated, or an
	// argon2id PHC string for imported ones.
	Hash string `json:"hash,omitempty"`
	// Sealed is the secret itself, sealed under the key-encryption key, where the
	// client signs with it (client_secret_jwt); nil otherwise.
	Sealed    []byte    `json:"sealed,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"` // zero is never
}

// A Grant is what a person, or a client for itself, was allowed.
type Grant struct {
	ID          string // random, safe to show
	Issuer      string // the issuer identifier of who made it
	Subject     string // the account, or the client for client_credentials
	ClientID    string
	Scopes      []string
	Resources   []string  // RFC 8707 resource indicators
	RedirectURI string    // where the code was sent; empty without one
	SessionID   string    // Session.ID of the sign-in that it came from; empty without one
	Parameters  []byte    // what else issuing under it needs, a JSON object that only the server reads; nil without
	Props       []byte    // the application's data, sealed; nil without
	Metadata    []byte    // the application's data that may be read, a JSON object; nil without
	AuthTime    time.Time // when the person authenticated; zero without one
	CreatedAt   time.Time
	LastUsedAt  time.Time // when a token was last issued under it
	ExpiresAt   time.Time // when no token of it is good any more, and it may be swept; zero is never
	RevokedAt   time.Time // zero while live
}

// A Token is a bearer handle: code, refresh token, access token, registration
// access token, or that of an authorization request which waits for a person.
// The handle itself is not here.
type Token struct {
	Digest     Digest
	Kind       Kind
	GrantID    string // empty for kinds that belong to no grant
	ClientID   string // empty for initial access tokens
	Scopes     []string
	Resources  []string
	Parameters []byte // what else redeeming it needs, a JSON object that only the server reads; nil without
	Props      []byte // the token's own props, sealed, where they differ from the grant's; nil otherwise
	WrappedKey []byte // the key of Props, or else of the grant's props, wrapped under this token; nil without props
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero is never

	ConsumedAt time.Time // zero while unspent
	Successor  Digest    // the refresh token that replaced it; zero without
	Reply      []byte    // the answer its consumer got, sealed under a key that only the token derives
}

// A Consumption is one use of a single-use token.
type Consumption struct {
	Token      Digest
	At         time.Time
	Successor  Digest // kept as Token.Successor
	Reply      []byte // kept as Token.Reply
	Grant      *Grant // a new grant, for the successors of a token that has none; nil without
	Successors []Token
	// GrantExpiresAt becomes the ExpiresAt of the token's own grant when it is later
	// than the stored one, or zero (never). LastUsedAt becomes At.
	GrantExpiresAt time.Time
}

// A GrantFilter selects grants by equality; empty fields match all, an empty
// filter none.
type GrantFilter struct {
	ID        string
	Subject   string
	ClientID  string
	SessionID string
}

// A Session is a person signed in at one browser.
type Session struct {
	Digest     Digest // of the session cookie
	ID         string // random, safe to show: the sid of OpenID Connect; a renewal keeps it
	Subject    string // Account.ID
	AuthTime   time.Time
	Methods    []string // how they authenticated (RFC 8176 values)
	Parameters []byte   // what else is known of the sign-in, a JSON object that only interact and server read; nil without
	CreatedAt  time.Time
	ExpiresAt  time.Time
}

// An Account is a person known to the built-in pages.
type Account struct {
	ID           string // the subject identifier: random, never used again
	Name         string // what the person types
	PasswordHash string // argon2id, PHC string form
	Claims       []byte // further claims, a JSON object; nil without
	DisabledAt   time.Time
	Revision     int64 // 1 when it is made, raised by one by ReplaceAccount; for compare-and-swap
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// A Key is a key of the server, its private part sealed. Its state follows from
// its times alone, so that all processes agree: it is published from CreatedAt,
// signs from ActiveAt until RetiredAt, and is published until ExpiresAt. One that is
// encrypted to is published from ActiveAt until RetiredAt, and decrypts until
// ExpiresAt.
type Key struct {
	ID         string // the kid: RFC 7638 thumbprint
	Use        string // "sig" or "enc" (RFC 7517 §4.2)
	Algorithm  string // JOSE alg
	Generation int64  // 1, 2, … per Use and Algorithm
	Sealed     []byte // the private key, sealed under the key-encryption key
	Public     []byte // the public JWK (RFC 7517); nil for symmetric keys
	CreatedAt  time.Time
	ActiveAt   time.Time
	RetiredAt  time.Time // zero until a successor is known
	ExpiresAt  time.Time // zero until retired
}

// A Delivery is a message that has to reach somebody: it waits until it was
// handed over or expired (OpenID Connect Back-Channel Logout 1.0 §2.5).
type Delivery struct {
	ID        string // random
	ClientID  string // whom it is for
	Target    string // the URL that it goes to
	Payload   []byte // what it tells, a JSON object that only the server reads
	Attempts  int64  // how often it was claimed
	NextAt    time.Time
	CreatedAt time.Time
	ExpiresAt time.Time // when it is given up; zero is never
}

// An Event is one line of the audit trail. It never holds a secret.
type Event struct {
	ID       string // sorts by time, then at random
	At       time.Time
	Reason   string // a stable slug, for example refresh_reuse_detected
	ClientID string
	Subject  string
	GrantID  string
	Address  string // the peer, without port
	Detail   []byte // a JSON object; nil without
}
