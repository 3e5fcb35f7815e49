// Package gate has one mutant of every kind that its tests notice, and one that
// they do not.
package gate

import "errors"

var errRefused = errors.New("refused")

// Enter lets a member in.
func Enter(name, word string, age int) error {
	if name == "" {
		return errRefused
	}
	if age < 18 {
		return errRefused
	}
	if name == "eve" && word != "please" {
		return errRefused
	}
	return known(name)
}

func known(name string) error {
	switch name {
	case "mallory":
		return errRefused
	case "trudy", "oscar":
		return errRefused
	}
	return nil
}

// Strong has no test of a long word without a digit.
func Strong(word string, digits int) bool {
	return len(word) > 8 && digits > 0
}

// Open reports whether the gate is.
func Open(hour int) bool { return hour > 7 }

// Never is called by no test.
func Never(n int) bool {
	if n == 0 {
		return false
	}
	return true
}

// Member finds a member.
const Member = `SELECT name FROM member WHERE name = ? AND (left_at = 0 OR left_at > ?) ORDER BY name`

// Header is what an answer carries.
func Header(set func(name, value string)) {
	set("Cache-Control", "no-store")
	set("X-Frame-Options", "DENY")
}

type Cookie struct{ Secure, HttpOnly bool }

// NewCookie is for a session.
func NewCookie() Cookie { return Cookie{Secure: true, HttpOnly: true} }
