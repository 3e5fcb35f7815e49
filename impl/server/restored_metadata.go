package server

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/store"
)

// restoredMetadata remembers what stored metadata reads as. Every request reads
// its client from the store, so a change is seen at once; what is saved is the
// parsing, as long as the bytes are the same.
type restoredMetadata struct {
	mu   sync.RWMutex
	kept map[string]keptMetadata // by client ID; guarded by mu
}

type keptMetadata struct {
	stored   []byte
	metadata client.Metadata
}

// maxRestored bounds the memory to some megabytes. A server with more clients in
// use at once parses some of them again.
const maxRestored = 4096

// metadata returns the metadata of a stored client. It is shared: nobody changes
// it.
func (r *restoredMetadata) metadata(c store.Client) (client.Metadata, error) {
	r.mu.RLock()
	kept, ok := r.kept[c.ID]
	r.mu.RUnlock()
	if ok && bytes.Equal(kept.stored, c.Metadata) {
		return kept.metadata, nil
	}
	metadata, err := client.Restore(c.Metadata)
	if err != nil {
		return client.Metadata{}, fmt.Errorf("metadata of stored client %s: %w", c.ID, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil || len(r.kept) >= maxRestored {
		r.kept = make(map[string]keptMetadata)
	}
	r.kept[c.ID] = keptMetadata{bytes.Clone(c.Metadata), metadata}
	return metadata, nil
}
