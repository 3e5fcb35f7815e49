package attacks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/internal/conformance"
)

// Check returns everything in which rows and proofs disagree, one fault a string.
func Check(rows []Row, proofs []conformance.Proof) []string {
	var faults []string
	known := map[string]bool{}
	for _, r := range rows {
		for _, id := range r.IDs {
			if known[id] {
				faults = append(faults, id+" has two rows")
			}
			known[id] = true
		}
		faults = append(faults, r.check(proofs)...)
	}
	for _, p := range proofs {
		for _, id := range p.Names {
			if isAttack(id) && !known[id] {
				faults = append(faults, fmt.Sprintf("%s proves %s, which has no row", p.Name, id))
			}
		}
	}
	return faults
}

// attack is how ids of attacks begin; all others are requirements, which package
// conformance knows.
var attack = regexp.MustCompile(`^(ATK|RED|MAD|REL|FUZZ|SUP|CVE|GHSA|AUTHLIB|BA|CFAI|DEX|FOS|GITEA|HYD|JWTLIB|KC|NODE|OKTA|OSVDB|WOP|ZIT)-`)

func isAttack(id string) bool { return attack.MatchString(id) }

func (r Row) check(proofs []conformance.Proof) []string {
	var faults []string
	say := func(format string, args ...any) {
		faults = append(faults, r.IDs[0]+" "+fmt.Sprintf(format, args...))
	}
	for _, id := range r.IDs {
		if !isAttack(id) {
			say("is no id of an attack: %q", id)
		}
	}
	if len(strings.Fields(r.Must)) == 0 || !strings.HasSuffix(r.Must, ".") {
		say("says %q, which is no sentence", r.Must)
	}
	found := r.tests(proofs)
	if r.Kind != Proven {
		if strings.TrimSpace(r.Text) == "" {
			say("is %q without a reason", r.Kind)
		}
		if len(found) > 0 {
			say("is %q, and %s proves it", r.Kind, strings.Join(found, " and "))
		}
		return faults
	}
	if len(r.Tests) == 0 {
		say("is proven by nothing")
	}
	for _, test := range r.Tests {
		if !slices.Contains(found, test) {
			say("is proven by %s, which does not exist or does not name it", test)
		}
	}
	for _, test := range found {
		if !slices.Contains(r.Tests, test) {
			say("is proven by %s too: add it with -update", test)
		}
	}
	return faults
}

// tests returns the names of the tests that name an id of the row.
func (r Row) tests(proofs []conformance.Proof) []string {
	var names []string
	for _, p := range proofs {
		if slices.ContainsFunc(p.Names, func(id string) bool { return slices.Contains(r.IDs, id) }) {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
