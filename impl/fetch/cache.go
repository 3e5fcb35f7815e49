package fetch

import (
	"container/list"
	"sync"
	"time"
)

// maxKept bounds the cache: with bodies of 64 KiB at most 32 MiB.
const maxKept = 512

// cache keeps documents by exact URL and drops the one unused for longest. It
// never keeps a failure (CIMD §4.4).
type cache struct {
	mu    sync.Mutex // guards what follows
	byURL map[string]*list.Element
	order *list.List // of *entry, most recently used first
}

type entry struct {
	url string
	doc Document
}

func newCache() *cache {
	return &cache{byURL: map[string]*list.Element{}, order: list.New()}
}

func (c *cache) get(url string, now time.Time) (Document, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, found := c.byURL[url]
	if !found {
		return Document{}, false
	}
	doc := e.Value.(*entry).doc
	// A clock that was set back must not keep a document for longer.
	if !now.Before(doc.ExpiresAt) || now.Before(doc.FetchedAt.Add(-maxFresh)) {
		c.remove(e)
		return Document{}, false
	}
	c.order.MoveToFront(e)
	return doc, true
}

func (c *cache) put(url string, doc Document) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, found := c.byURL[url]; found {
		c.remove(e)
	}
	c.byURL[url] = c.order.PushFront(&entry{url, doc})
	for c.order.Len() > maxKept {
		c.remove(c.order.Back())
	}
}

func (c *cache) drop(url string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, found := c.byURL[url]; found {
		c.remove(e)
	}
}

func (c *cache) remove(e *list.Element) {
	delete(c.byURL, e.Value.(*entry).url)
	c.order.Remove(e)
}
