package server

import (
	"context"

	"github.com/charterauth/charter/impl/client"
)

// lookupMetadataDocument returns the client whose identifier is the URL of its
// metadata (draft-ietf-oauth-client-id-metadata-document §4). The document is
// fetched through the guard of package fetch, kept as long as its headers say,
// and never becomes a stored registration.
//
// Every failure is the same invalid_client: what a fetch found out about some
// host is not for whoever made up the URL (§6.5 of the draft). The reason is in
// the log.
func (s *Server) lookupMetadataDocument(ctx context.Context, id string) (*registered, error) {
	if s.documents == nil {
		return nil, errUnknownClient("client_unknown")
	}
	rules := s.clientRules()
	if err := client.CheckClientIDURL(id, rules); err != nil {
		return nil, errUnknownClient("client_id_url_malformed").Because(err)
	}
	document, err := s.documents.Get(ctx, id)
	if err != nil {
		return nil, errUnknownClient("metadata_document_unreachable").Because(err)
	}
	metadata, err := client.ParseDocument(id, document.Body, rules)
	if err != nil {
		s.documents.Reject(id)
		return nil, errUnknownClient("metadata_document_invalid").Because(err)
	}
	return &registered{id: id, metadata: metadata}, nil
}
