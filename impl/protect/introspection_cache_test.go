package protect

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"
)

// TestAnswersAreBounded: any number of tokens takes bounded memory, and garbage
// pushes out no good answer.
func TestAnswersAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	key := func(kind string, i int) digest { return sha256.Sum256(fmt.Append(nil, kind, i)) }
	c := newAnswers()
	c.put(key("good", 0), answered{until: now.Add(time.Minute)}, now)
	for i := range 3 * maxKept {
		c.put(key("bad", i), answered{err: invalid("x"), until: now.Add(time.Minute)}, now)
		if len(c.bad) > maxKept {
			t.Fatalf("%d answers kept", len(c.bad))
		}
	}
	if _, ok := c.get(key("good", 0), now); !ok {
		t.Error("garbage pushed a good answer out")
	}
	if _, ok := c.get(key("bad", 3*maxKept-1), now); !ok {
		t.Error("the last answer was not kept")
	}
	for i := range maxKept - 1 {
		c.put(key("late", i), answered{until: now.Add(time.Minute)}, now)
	}
	later := now.Add(time.Minute)
	c.put(key("new", 0), answered{until: later.Add(time.Minute)}, later)
	if len(c.good) != 1 {
		t.Errorf("%d good answers after all of them were over", len(c.good))
	}
}

// TestAnswersReplace: a token has one answer, the latest.
func TestAnswersReplace(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	c, key := newAnswers(), digest{1}
	c.put(key, answered{until: now.Add(time.Minute)}, now)
	if a, ok := c.get(key, now); !ok || a.err != nil {
		t.Errorf("kept %+v, %v", a, ok)
	}
	c.put(key, answered{err: invalid("x"), until: now.Add(time.Minute)}, now)
	if a, ok := c.get(key, now); !ok || a.err == nil {
		t.Errorf("kept %+v, %v", a, ok)
	}
	c.put(key, answered{until: now}, now)
	if a, ok := c.get(key, now); ok {
		t.Errorf("kept %+v, which was over", a)
	}
}
