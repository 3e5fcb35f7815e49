package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/charterauth/charter/impl/store"
)

// A Store keeps Charter's state in Redis. It is safe for concurrent use, and any
// number of processes may share one database.
type Store struct {
	client   redis.UniversalClient
	tag      string // the first part of every key, with its braces
	replicas int    // how many replicas a write waits for
}

var _ store.Store = (*Store)(nil)

// callTimeout bounds a call that is under way: it no longer heeds the caller's
// context then, so that its outcome is known.
const callTimeout = 5 * time.Second

// Open connects to the database of a URL: redis:// or rediss:// (TLS) with user,
// password, host, port, and the database's number as the path. Parameters of the
// query:
//
//	tag=NAME                 the hash tag of all keys; default charter
//	cluster=true             the hosts, the URL's and those of addr=HOST:PORT, are of a cluster
//	replicas=N               a write is acknowledged when N replicas have it too; not with cluster
//	insecure-volatile=true   do not look whether the engine keeps what it acknowledges: for tests,
//	                         and for services that forbid CONFIG but are known to be durable
//
// and those of go-redis. Open fails when the engine may lose acknowledged writes
// or evict records: it wants appendonly yes, appendfsync always and
// maxmemory-policy noeviction.
func Open(ctx context.Context, source string) (*Store, error) {
	o, err := parse(source)
	if err != nil {
		return nil, err
	}
	s := &Store{client: o.client(), tag: "{" + o.tag + "}", replicas: o.replicas}
	err = s.Ping(ctx)
	if err == nil && !o.volatile {
		err = s.checkDurable(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("redis: %w", err), s.client.Close())
	}
	return s, nil
}

// options are what a URL says.
type options struct {
	single   *redis.Options
	cluster  *redis.ClusterOptions // nil: one server
	tag      string
	replicas int
	volatile bool
}

func parse(source string) (options, error) {
	// The error of url.Parse has the URL in it, and the URL a password.
	u, err := url.Parse(source)
	if err != nil {
		return options{}, errors.New("redis: the URL cannot be read")
	}
	o := options{tag: "charter"}
	q := u.Query()
	take := func(name string) string { v := q.Get(name); q.Del(name); return v }
	clustered := take("cluster")
	if v := take("tag"); v != "" {
		o.tag = v
	}
	replicas, volatile := take("replicas"), take("insecure-volatile")
	u.RawQuery = q.Encode()
	o.volatile = volatile == "true"
	if replicas != "" {
		if o.replicas, err = strconv.Atoi(replicas); err != nil || o.replicas < 0 {
			return options{}, errors.New("redis: replicas must be a number")
		}
	}
	switch {
	case strings.ContainsAny(o.tag, "{}"):
		return options{}, errors.New("redis: the tag may not have braces")
	case clustered == "true" && o.replicas > 0:
		return options{}, errors.New("redis: replicas cannot be waited for in a cluster")
	case clustered == "true":
		o.cluster, err = redis.ParseClusterURL(u.String())
	default:
		o.single, err = redis.ParseURL(u.String())
	}
	if err != nil {
		return options{}, errors.New("redis: the URL is not one of redis://USER:PASSWORD@HOST:PORT/NUMBER")
	}
	return o, nil
}

// client makes the client. It never sends again on its own what may have been
// carried out: the second answer would say that somebody else won. That of a
// cluster does send again what the engine refused to carry out.
func (o options) client() redis.UniversalClient {
	if o.cluster == nil {
		o.single.MaxRetries = -1
		return redis.NewClient(o.single)
	}
	o.cluster.NewClient = func(node *redis.Options) *redis.Client {
		c := redis.NewClient(node)
		c.AddHook(sentOnce{})
		return c
	}
	return redis.NewClusterClient(o.cluster)
}

// checkDurable returns an error when the engine may lose what it acknowledged.
func (s *Store) checkDurable(ctx context.Context) error {
	var problems []error
	for name, want := range map[string]string{"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"} {
		is, err := s.client.ConfigGet(ctx, name).Result()
		if err != nil {
			return fmt.Errorf("the configuration cannot be read, so it is not known whether acknowledged writes are durable; where they are, add insecure-volatile=true: %w", err)
		}
		if is[name] != want {
			problems = append(problems, fmt.Errorf("%s is %q and must be %q, or acknowledged tokens may be lost", name, is[name], want))
		}
	}
	return errors.Join(problems...)
}

// Ping implements store.Store. It writes a key that is gone a second later.
func (s *Store) Ping(ctx context.Context) error {
	return unavailable(s.client.Set(ctx, s.tag+":ping", 1, time.Second).Err())
}

// Close implements store.Store. Closing twice does no harm.
func (s *Store) Close() error {
	if err := s.client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
		return err
	}
	return nil
}
