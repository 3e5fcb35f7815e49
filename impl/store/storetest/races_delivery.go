package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// raceClaim: every delivery that is due is leased to one of those who ask.
func raceClaim(t testing.TB, s store.Store) func() contest {
	const due = 3
	at := epoch
	return func() contest {
		at = at.Add(time.Hour)
		until := at.Add(time.Minute)
		waiting := map[string]bool{}
		for range due {
			d := aDelivery()
			d.NextAt, d.ExpiresAt = at, time.Time{}
			must(t, "Enqueue", s.Enqueue(bg, d))
			waiting[d.ID] = true
		}
		var claimed [racers][]store.Delivery
		return contest{
			call: func(i int, s store.Store) (err error) {
				claimed[i], err = s.ClaimDeliveries(bg, at, until, due)
				return err
			},
			settled: func(s store.Store, _ int) string {
				// Who met rows in somebody's hands may have left them: they are still due.
				rest, err := s.ClaimDeliveries(bg, at, until, due)
				if err != nil {
					return err.Error()
				}
				total := 0
				for _, d := range append(rest, flat(claimed[:])...) {
					if !waiting[d.ID] || d.Attempts != 1 || !d.NextAt.Equal(until) {
						return fmt.Sprintf("a delivery was leased twice or changed: %+v", d)
					}
					delete(waiting, d.ID)
					total++
					if err := s.FinishDelivery(bg, d.ID, d.Attempts, time.Time{}); err != nil {
						return err.Error()
					}
				}
				if total != due {
					return fmt.Sprintf("%d of %d deliveries were leased", total, due)
				}
				return ""
			},
		}
	}
}

func flat(lists [][]store.Delivery) (all []store.Delivery) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
