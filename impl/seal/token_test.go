package seal

import (
	"crypto/rand"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

var prefixes = []string{
	PrefixAuthorizationCode, PrefixAccessToken, PrefixRefreshToken, PrefixClientSecret,
	PrefixRegistrationAccessToken, PrefixInitialAccessToken, PrefixRequest, PrefixLogout, PrefixSession, PrefixBrowser,
}

func TestNewToken(t *testing.T) {
	proof.Of(t, "RFC6749-10.3-3", "RFC6749-10.4-6", "RFC6749-10.10-1", "RFC6749-10.10-2", "RFC6749-10.10-3", "RFC6750-5.2-1", "RFC7592-5-4", "RFC7518-3.2-1")
	form := regexp.MustCompile(`^ch[a-z]{2}_[0-9A-Za-z]{49}$`)
	seen := map[string]bool{}
	for _, p := range prefixes {
		for range 100 {
			s := NewToken(p)
			if !form.MatchString(s) || !strings.HasPrefix(s, p) {
				t.Fatalf("NewToken(%q) = %q", p, s)
			}
			if seen[s] {
				t.Fatal("a token twice")
			}
			seen[s] = true
			for _, q := range prefixes {
				if WellFormed(q, s) != (p == q) {
					t.Fatalf("WellFormed(%q, a token of %q) = %v", q, p, p != q)
				}
			}
		}
	}
	for i, p := range prefixes {
		for _, q := range prefixes[i+1:] {
			if p == q {
				t.Errorf("two kinds share the prefix %q", p)
			}
		}
	}
}

// TestWellFormedVector fixes the format: tokens that were issued stay good.
func TestWellFormedVector(t *testing.T) {
	s := string(appendSum([]byte("chat_" + strings.Repeat("0", 43))))
	if s != "chat_00000000000000000000000000000000000000000001Bop6q" {
		t.Errorf("the checksum changed: %q", s)
	}
	if !WellFormed("chat_", s) {
		t.Error("not well-formed")
	}
}

// TestNearTokens is CVE-2026-27840: nothing one change away is well-formed.
func TestNearTokens(t *testing.T) {
	proof.Of(t, "RFC6749-10.3-3", "RFC6749-10.4-6", "RFC6750-5.2-2")
	proof.Of(t, "CVE-2026-27840")
	s := NewToken(PrefixAccessToken)
	if !WellFormed(PrefixAccessToken, s) {
		t.Fatal("the token itself is refused")
	}
	var near []string
	for i := range len(s) {
		near = append(near, s[:i], s[i+1:], s[:i]+s[i+1:], s[:i]+"x"+s[i:], s[:i]+"\x00"+s[i+1:])
		for _, c := range []byte(alphabet + "-_ =\n\xff") {
			if c != s[i] {
				near = append(near, s[:i]+string([]byte{c})+s[i+1:])
			}
		}
	}
	near = append(near, s+"\n", s+" ", s+"\x00", s+"=", " "+s, strings.ToUpper(s), strings.ToLower(s), s+s, "")
	for _, n := range near {
		if n != s && WellFormed(PrefixAccessToken, n) {
			t.Errorf("%q passes for %q", n, s)
		}
	}
}

// TestTokenUniform is MAD-11 on a modest sample: chi-square of each character at
// each random position.
func TestTokenUniform(t *testing.T) {
	proof.Of(t, "MAD-11")
	const samples = 20_000
	var counts [bodyLen][256]int
	for range samples {
		s := NewToken(PrefixAccessToken)[len(PrefixAccessToken):]
		for i := range bodyLen {
			counts[i][s[i]]++
		}
	}
	// 61 degrees of freedom: above 140 is less likely than 4e-8, for 43 positions
	// less than 2e-6. A modulus of 256 by 62 would give about 500.
	if got := chiSquare(&counts, samples); got > 140 {
		t.Errorf("chi-square %.0f", got)
	}
	var biased [bodyLen][256]int
	for range samples {
		var b [bodyLen]byte
		rand.Read(b[:])
		for i, c := range b {
			biased[i][alphabet[c%62]]++
		}
	}
	if got := chiSquare(&biased, samples); got <= 140 {
		t.Errorf("the test cannot see a bias: chi-square %.0f", got)
	}
}

// chiSquare returns the worst position's statistic.
func chiSquare(counts *[bodyLen][256]int, samples int) float64 {
	worst, want := 0.0, float64(samples)/float64(len(alphabet))
	for i := range counts {
		x := 0.0
		for _, c := range []byte(alphabet) {
			d := float64(counts[i][c]) - want
			x += d * d / want
		}
		worst = math.Max(worst, x)
	}
	return worst
}

// A right checksum does not make up for a character that no token has.
func TestForeignCharacters(t *testing.T) {
	body := PrefixAccessToken + strings.Repeat("A", bodyLen-1)
	for _, c := range []string{"-", "_", "+", "/", "=", " ", "\x00", "\n", "\x80"} {
		if s := string(appendSum([]byte(body + c))); WellFormed(PrefixAccessToken, s) {
			t.Errorf("%q is well-formed", s)
		}
	}
	if s := string(appendSum([]byte(body + "z"))); !WellFormed(PrefixAccessToken, s) {
		t.Errorf("%q is not well-formed", s)
	}
}

func FuzzWellFormed(f *testing.F) {
	proof.Of(f, "FUZZ-5")
	f.Add(NewToken(PrefixAccessToken))
	f.Add("chat_")
	f.Fuzz(func(t *testing.T, s string) {
		if WellFormed(PrefixAccessToken, s) && (len(s) != 54 || !strings.HasPrefix(s, PrefixAccessToken)) {
			t.Errorf("%q", s)
		}
	})
}

func BenchmarkNewToken(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewToken(PrefixAccessToken)
	}
}
