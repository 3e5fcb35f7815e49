package server

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// An App is a client that a person has allowed something, with all that it
// holds of theirs.
type App struct {
	ClientID string
	// Name is what the client called itself when it registered, or "": of a client
	// with a metadata document only the identifier is told, since nothing is
	// fetched for a list. Show it as unverified unless Verified.
	Name     string
	Verified bool // an operator registered it
	// InitiateLoginURI is the https URL at which a client that an operator
	// registered begins a sign-in, when iss is added to it (OpenID Connect Core §4);
	// "" without one.
	InitiateLoginURI string
	Access           []AppAccess
	// GrantedAt is when the newest of its grants was made.
	GrantedAt time.Time
	// LastUsedAt is when it last got a token; zero if never.
	LastUsedAt time.Time
}

// An AppAccess is what an App may do at a set of resources.
type AppAccess struct {
	Resources []AppResource
	Scopes    []string
}

// An AppResource is a protected resource of an AppAccess.
type AppResource struct {
	URI  string
	Name string // the operator's; "" without one
}

// maxListed bounds how many grants of a person are looked at for one page.
const maxListed = 10_000

// Apps lists the clients that hold live grants of a person, the one that was
// allowed something last first. Of somebody with more than 10000 grants it lists
// a part; RevokeApps ends those that are not listed too.
func (s *Server) Apps(ctx context.Context, subject string) ([]App, error) {
	byClient := map[string]*App{}
	for after, seen := "", 0; seen < maxListed; {
		grants, err := s.Grants(ctx, subject, after, 1000)
		if err != nil {
			return nil, err
		}
		for _, g := range grants {
			if byClient[g.ClientID] == nil {
				byClient[g.ClientID] = &App{ClientID: g.ClientID}
			}
			s.addGrant(byClient[g.ClientID], g)
		}
		if len(grants) < 1000 {
			break
		}
		seen, after = seen+len(grants), grants[len(grants)-1].ID
	}
	apps := make([]App, 0, len(byClient))
	for _, app := range byClient {
		if err := s.nameApp(ctx, app); err != nil {
			return nil, err
		}
		apps = append(apps, *app)
	}
	slices.SortFunc(apps, func(a, b App) int {
		return cmp.Or(b.GrantedAt.Compare(a.GrantedAt), strings.Compare(a.ClientID, b.ClientID))
	})
	return apps, nil
}

// addGrant joins grants for the same resources only: what is allowed at one is
// not allowed at another.
func (s *Server) addGrant(app *App, g store.Grant) {
	if g.CreatedAt.After(app.GrantedAt) {
		app.GrantedAt = g.CreatedAt
	}
	if g.LastUsedAt.After(app.LastUsedAt) {
		app.LastUsedAt = g.LastUsedAt
	}
	uris := slices.Sorted(slices.Values(g.Resources))
	at := slices.IndexFunc(app.Access, func(a AppAccess) bool {
		return slices.EqualFunc(a.Resources, uris, func(r AppResource, uri string) bool { return r.URI == uri })
	})
	if at < 0 {
		resources := make([]AppResource, len(uris))
		for i, uri := range uris {
			known, _ := s.resources.find(uri)
			resources[i] = AppResource{uri, known.config.Name}
		}
		app.Access = append(app.Access, AppAccess{Resources: resources})
		at = len(app.Access) - 1
	}
	for _, value := range g.Scopes {
		if !slices.Contains(app.Access[at].Scopes, value) {
			app.Access[at].Scopes = append(app.Access[at].Scopes, value)
		}
	}
}

func (s *Server) nameApp(ctx context.Context, app *App) error {
	if strings.Contains(app.ClientID, ":") {
		return nil // a metadata document
	}
	stored, err := s.store.Client(ctx, app.ClientID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	metadata, err := s.restored.metadata(stored)
	if err != nil {
		return err
	}
	app.Name, app.Verified = metadata.ClientName, stored.Source == sourceOperator
	if app.Verified { // where a stranger's link leads nobody has looked
		app.InitiateLoginURI = metadata.InitiateLoginURI
	}
	return nil
}

// RevokeApp takes back all that a person allowed a client: every token under
// these grants is dead when it returns nil. A client that is unknown or holds
// nothing of theirs gives the same *oauth.Error invalid_request.
func (s *Server) RevokeApp(ctx context.Context, subject, clientID string) error {
	if subject == "" || clientID == "" {
		return errNoApp()
	}
	n, err := s.store.RevokeGrants(ctx, store.GrantFilter{Subject: subject, ClientID: clientID}, s.now())
	if err != nil {
		return err
	}
	if n == 0 {
		return errNoApp()
	}
	s.emit(ctx, store.Event{Reason: "grants_revoked", Subject: subject, ClientID: clientID})
	return nil
}

func errNoApp() error {
	return oauth.InvalidRequest("app_unknown", "this application has no access to your account")
}

// RevokeApps takes back all that a person allowed anybody. It is no error when
// that was nothing.
func (s *Server) RevokeApps(ctx context.Context, subject string) error {
	if subject == "" {
		return errors.New("RevokeApps: no subject")
	}
	n, err := s.store.RevokeGrants(ctx, store.GrantFilter{Subject: subject}, s.now())
	if err != nil || n == 0 {
		return err
	}
	s.emit(ctx, store.Event{Reason: "grants_revoked", Subject: subject})
	return nil
}
