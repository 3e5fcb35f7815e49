package server

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"log/slog"

	"github.com/charterauth/charter/impl/store"
)

// emit hands an audit event to the sink. Reasons are stable slugs; an event
// never holds a secret.
func (s *Server) emit(ctx context.Context, e store.Event) {
	e.At = s.now()
	e.ID = newEventID(e.At.UnixMicro())
	if s.cfg.Events != nil {
		s.cfg.Events(ctx, e)
		return
	}
	s.logger().LogAttrs(ctx, slog.LevelInfo, "event",
		slog.String("reason", e.Reason),
		slog.String("client_id", e.ClientID),
		slog.String("subject", e.Subject),
		slog.String("grant_id", e.GrantID),
		slog.String("address", e.Address),
	)
}

// Emit hands an audit event of an Interaction to the same sink as the server's
// own. ID and At are set here; Reason must be a stable slug, and nothing in it a
// secret.
func (s *Server) Emit(ctx context.Context, e store.Event) { s.emit(ctx, e) }

// newEventID sorts by time, then at random: 8 bytes of microseconds and 10
// random ones in an order-keeping alphabet.
func newEventID(micros int64) string {
	var b [18]byte
	binary.BigEndian.PutUint64(b[:8], uint64(micros))
	rand.Read(b[8:]) // never fails, and never returns short (crypto/rand)
	return base32Hex.EncodeToString(b[:])
}

// randomID returns 128 random bits for identifiers that may be shown: of grants
// and clients. It begins with no hyphen, since operators give it to commands,
// where that would be a flag.
func randomID() string {
	for {
		var b [16]byte
		rand.Read(b[:])
		if id := base64.RawURLEncoding.EncodeToString(b[:]); id[0] != '-' {
			return id
		}
	}
}

var base32Hex = base32.HexEncoding.WithPadding(base32.NoPadding)
