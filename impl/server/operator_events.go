package server

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// recordOperator appends to the audit trail what an operator did to the store.
// The deed is done: a trail that cannot be written does not undo it.
func recordOperator(ctx context.Context, st store.Store, at time.Time, e store.Event) {
	e.At, e.ID = at, newEventID(at.UnixMicro())
	_ = st.Record(context.WithoutCancel(ctx), e)
}
