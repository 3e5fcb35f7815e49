package gate

import (
	"strings"
	"testing"
)

func TestEnter(t *testing.T) {
	for _, row := range []struct {
		name, word string
		age        int
		ok         bool
	}{
		{"alice", "", 18, true},
		{"", "", 30, false},
		{"alice", "", 17, false},
		{"eve", "please", 30, true},
		{"eve", "", 30, false},
		{"mallory", "", 30, false},
	} {
		if err := Enter(row.name, row.word, row.age); (err == nil) != row.ok {
			t.Errorf("%+v: %v", row, err)
		}
	}
}

func TestStrong(t *testing.T) {
	if !Strong("long enough 1", 1) || Strong("short1", 1) {
		t.Error("wrong")
	}
}

func TestOpen(t *testing.T) {
	if Open(7) || !Open(8) {
		t.Error("wrong")
	}
}

func TestMember(t *testing.T) {
	if !strings.Contains(Member, "WHERE name = ? AND (left_at = 0 OR") {
		t.Error(Member)
	}
}

func TestHeader(t *testing.T) {
	got := map[string]string{}
	Header(func(name, value string) { got[name] = value })
	if got["Cache-Control"] != "no-store" {
		t.Error(got)
	}
}

func TestCookie(t *testing.T) {
	if !NewCookie().Secure {
		t.Error("not secure")
	}
}

func TestBroken(t *testing.T) { t.Error("fails with no mutant at all, and must not count as a kill") }
