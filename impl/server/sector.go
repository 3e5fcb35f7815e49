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
	document, err := s.clientDocuments.Get(ctx, m.SectorIdentifierURI)
	if err != nil {
		return oauth.InvalidClientMetadata("sector_unreachable", "sector_identifier_uri could not be fetched").Because(err)
	}
	if err := m.CheckSector(document.Body); err != nil {
		s.clientDocuments.Reject(m.SectorIdentifierURI)
		return err
	}
	return nil
}
