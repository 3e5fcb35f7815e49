package server

import (
	"context"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/oauth"
)

// checkSector fetches the document at sector_identifier_uri and demands that it
// lists the client's redirect URIs (OpenID Connect Registration §5): otherwise
// anybody could register into a sector and learn its subjects.
func (s *Server) checkSector(ctx context.Context, m client.Metadata) error {
	if m.SectorIdentifierURI == "" {
		return nil
	}
	uri := m.SectorIdentifierURI
	document, err := s.clientDocuments.Get(ctx, uri)
	if err == nil && m.CheckSector(document.Body) != nil {
		document, err = s.clientDocuments.Renew(ctx, uri, keysRenewed)
	}
	if err != nil {
		return oauth.InvalidClientMetadata("sector_unreachable", "sector_identifier_uri could not be fetched").Because(err)
	}
	// What is there may be good for others, as the list of another client or as
	// somebody's keys: it is not dropped for whom it does not fit.
	return m.CheckSector(document.Body)
}
