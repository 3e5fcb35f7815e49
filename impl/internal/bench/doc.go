// Package bench measures what an operation costs beside the floor: a bare
// net/http handler on the same store that does the irreducible work and nothing
// else. Both are measured in one run, so that the ratio means something:
//
//	go test -run '^$' -bench . -benchmem ./impl/internal/bench
package bench
