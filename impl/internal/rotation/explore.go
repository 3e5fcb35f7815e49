package rotation

import (
	"fmt"
	"strings"
)

// A violation is a shortest way to a broken invariant.
type violation struct {
	broken error
	path   []step
}

func (v *violation) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%v, by:\n", v.broken)
	for _, s := range v.path {
		fmt.Fprintf(&text, "  %v\n", s)
	}
	return text.String()
}

// explore visits every state that rules lead to within bounds, the nearest first, and returns
// how many there are. It stops at the first violation.
func explore(rules rules, most bounds) (states int, found *violation) {
	type visit struct {
		state state
		from  int32
		by    step
	}
	visits := []visit{{state: initial(), from: none}}
	seen := map[state]struct{}{initial(): {}}
	for i := 0; i < len(visits); i++ {
		now := visits[i].state
		for _, by := range now.steps(most) {
			next, broken := now.take(rules, by)
			if broken != nil {
				path := []step{by}
				for at := int32(i); visits[at].from != none; at = visits[at].from {
					path = append([]step{visits[at].by}, path...)
				}
				return len(seen), &violation{broken, path}
			}
			if _, known := seen[next]; !known {
				seen[next] = struct{}{}
				visits = append(visits, visit{next, int32(i), by})
			}
		}
	}
	return len(seen), nil
}
