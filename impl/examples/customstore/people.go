package customstore

import (
	"cmp"
	"context"
	"math"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/charterauth/charter/impl/store"
)

func (s *Store) CreateSession(_ context.Context, x store.Session, replaces store.Digest) error {
	return s.write(x.Check(), func(t *bolt.Tx) error {
		taken := unique(t, func(known store.Session) bool { return known.ID == x.ID && known.Digest != replaces })
		added := add(t, x.Digest.String(), x)
		_, err := drop(t, math.MaxInt, func(known store.Session) bool { return known.Digest == replaces && replaces != x.Digest })
		return cmp.Or(taken, added, err)
	})
}

func (s *Store) Session(_ context.Context, d store.Digest) (store.Session, error) {
	return fetch[store.Session](s, d.String())
}

func (s *Store) EndSession(_ context.Context, id string) error {
	return s.write(nil, func(t *bolt.Tx) error {
		_, err := drop(t, math.MaxInt, func(x store.Session) bool { return x.ID == id })
		return err
	})
}

func (s *Store) ReplaceAccount(_ context.Context, a store.Account) error {
	return s.write(a.Check(), func(t *bolt.Tx) error {
		taken := unique(t, func(known store.Account) bool { return known.Name == a.Name && known.ID != a.ID })
		if a.Revision == 0 {
			a.Revision = 1
			return cmp.Or(taken, add(t, a.ID, a))
		}
		return cmp.Or(change(t, a.ID, func(known *store.Account) error { return swap(known, a, &known.Revision, a.Revision) }), taken)
	})
}

func (s *Store) Account(_ context.Context, id string) (store.Account, error) {
	return fetch[store.Account](s, id)
}

func (s *Store) AccountByName(_ context.Context, name string) (store.Account, error) {
	found, err := page(s, "", 1, func(a store.Account) bool { return a.Name == name })
	if err != nil || len(found) == 0 {
		return store.Account{}, cmp.Or(err, store.ErrNotFound)
	}
	return found[0], nil
}

func (s *Store) Accounts(_ context.Context, after string, limit int) ([]store.Account, error) {
	return page(s, after, limit, all[store.Account])
}

func (s *Store) DeleteAccount(_ context.Context, id string, at time.Time) error {
	return s.write(store.Marks(at), func(t *bolt.Tx) error {
		_, err := drop(t, math.MaxInt, func(x store.Session) bool { return x.Subject == id })
		_, revoked := revoke(t, store.GrantFilter{Subject: id}, at)
		return cmp.Or(remove[store.Account](t, id), err, revoked)
	})
}

func (s *Store) Enqueue(_ context.Context, deliveries ...store.Delivery) error {
	return s.write(nil, func(t *bolt.Tx) (err error) {
		for _, d := range deliveries {
			err = cmp.Or(err, d.Check(), add(t, d.ID, d))
		}
		return err
	})
}

func (s *Store) ClaimDeliveries(_ context.Context, at, until time.Time, limit int) (claimed []store.Delivery, err error) {
	err = s.write(nil, func(t *bolt.Tx) error {
		claimed, err = list(t, "", limit, func(d store.Delivery) bool { return !d.NextAt.After(at) && !expired(d.ExpiresAt, at) })
		for i := range claimed {
			claimed[i].Attempts, claimed[i].NextAt = claimed[i].Attempts+1, until
			err = cmp.Or(err, put(t, claimed[i].ID, claimed[i]))
		}
		return err
	})
	return claimed, err
}

func (s *Store) FinishDelivery(_ context.Context, id string, attempts int64, next time.Time) error {
	if next.IsZero() {
		return s.write(nil, func(t *bolt.Tx) error { return remove[store.Delivery](t, id) })
	}
	return update(s, nil, id, func(_ *bolt.Tx, d *store.Delivery) error {
		d.NextAt = next
		return unless(d.Attempts == attempts, store.ErrConflict)
	})
}

func (s *Store) Record(_ context.Context, events ...store.Event) error {
	return s.write(nil, func(t *bolt.Tx) (err error) {
		for _, e := range events {
			err = cmp.Or(err, e.Check(), add(t, e.ID, e))
		}
		return err
	})
}

func (s *Store) Events(_ context.Context, after string, limit int) ([]store.Event, error) {
	return page(s, after, limit, all[store.Event])
}

func (s *Store) Ping(context.Context) error { return s.write(nil, func(*bolt.Tx) error { return nil }) }

func (s *Store) Close() error { return s.db.Close() }
