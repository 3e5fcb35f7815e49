package fixture

import "time"

type clock struct{ Now func() time.Time }

func f(c clock) {
	_ = time.Now()          // bad
	_ = time.Since(c.Now()) // bad
	c.Now = time.Now
}
