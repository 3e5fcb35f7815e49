package client

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// maxSecret bounds what is hashed: a longer secret is no secret of ours.
const maxSecret = 1024

// HashGenerated returns the stored form of a secret of 256 random bits. A slow
// hash would protect nothing that cannot be guessed anyway, and costs most of a
// token request.
func HashGenerated(secret string) string {
	sum := sha256.Sum256([]byte("charter client secret\x00" + secret))
	return "sha256:" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// VerifySecret reports, in time that depends on the form of hash alone, whether
// secret is the one that hash was made of: HashGenerated's, or argon2id in PHC
// form for secrets that somebody chose.
func VerifySecret(hash, secret string) bool {
	if secret == "" || len(secret) > maxSecret {
		return false
	}
	if strings.HasPrefix(hash, "sha256:") {
		return subtle.ConstantTimeCompare([]byte(hash), []byte(HashGenerated(secret))) == 1
	}
	return verifyArgon2id(hash, secret)
}

// verifyArgon2id reads $argon2id$v=19$m=…,t=…,p=…$salt$hash. Costs beyond what
// an import would have are refused: they are somebody's attempt to keep this
// server busy.
func verifyArgon2id(phc, secret string) bool {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return false
	}
	var memory, time uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil {
		return false
	}
	if memory > 256<<10 || time == 0 || time > 16 || threads == 0 || threads > 16 {
		return false
	}
	salt, err1 := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) < 16 {
		return false
	}
	got := argon2.IDKey([]byte(secret), salt, time, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}
