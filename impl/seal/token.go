package seal

import (
	"crypto/rand"
	"hash/crc32"
	"strings"
)

// The prefix of each kind of bearer string. Secret scanners match on them:
// ch, two letters for the kind, an underscore, then 49 letters and digits.
const (
	PrefixAuthorizationCode       = "chac_" // RFC 6749 §1.3.1
	PrefixAccessToken             = "chat_" // RFC 6749 §1.4
	PrefixRefreshToken            = "chrt_" // RFC 6749 §1.5
	PrefixClientSecret            = "chcs_" // RFC 6749 §2.3.1
	PrefixRegistrationAccessToken = "chra_" // RFC 7592 §3
	PrefixInitialAccessToken      = "chia_" // RFC 7591 §3
	PrefixRequest                 = "chrq_" // the handle of an authorization request on the pages
	PrefixLogout                  = "chlo_" // the handle of a logout request on the pages
	PrefixSession                 = "chse_" // the session cookie
	PrefixBrowser                 = "chbr_" // the cookie that binds a request to a browser
)

const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

	// 43 independent characters of 62 are 256.03 bits.
	bodyLen = 43
	// 62^6 exceeds 2^32, so the checksum fits.
	sumLen = 6
)

// NewToken returns prefix, 43 random characters (256 bits) and a checksum of 6
// characters: letters and digits, always the same length. The characters come
// from crypto/rand, which ends the process rather than return weak bytes.
func NewToken(prefix string) string {
	b := make([]byte, 0, 64)
	b = append(b, prefix...)
	b = appendRandom(b)
	b = appendSum(b)
	return string(b)
}

// WellFormed reports whether s could be a token of that prefix: its length,
// alphabet and checksum. It is no proof of anything: it spares a query for
// values that were mistyped, cut or made up.
func WellFormed(prefix, s string) bool {
	if len(s) != len(prefix)+bodyLen+sumLen || !strings.HasPrefix(s, prefix) {
		return false
	}
	var space [64]byte
	b := append(space[:0], s[:len(prefix)+bodyLen]...)
	for _, c := range b[len(prefix):] {
		if strings.IndexByte(alphabet, c) < 0 {
			return false
		}
	}
	return string(appendSum(b)) == s
}

// appendRandom takes a character from each random byte whose low six bits name
// one, and drops the others: a modulus would prefer some characters.
func appendRandom(b []byte) []byte {
	var pool [64]byte
	for n := 0; n < bodyLen; {
		rand.Read(pool[:])
		for _, r := range pool {
			if i := int(r & 63); i < len(alphabet) && n < bodyLen {
				b = append(b, alphabet[i])
				n++
			}
		}
	}
	clear(pool[:])
	return b
}

func appendSum(b []byte) []byte {
	sum := crc32.ChecksumIEEE(b)
	var digits [sumLen]byte
	for i := sumLen - 1; i >= 0; i-- {
		digits[i] = alphabet[sum%62]
		sum /= 62
	}
	return append(b, digits[:]...)
}
