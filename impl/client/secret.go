package client

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
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
// secret is the one that hash was made of: HashGenerated's or HashImported's. A
// hash of no such form, or of a cost that this server refuses, verifies nothing.
func VerifySecret(hash, secret string) bool {
	if secret == "" || len(secret) > maxSecret {
		return false
	}
	if strings.HasPrefix(hash, "sha256:") {
		return subtle.ConstantTimeCompare([]byte(hash), []byte(HashGenerated(secret))) == 1
	}
	return verifyArgon2id(hash, secret)
}

// The cost of a hash that is made here is what OWASP recommends for argon2id:
// 19 MiB, 2 passes, 1 thread.
const (
	importMemory  = 19 << 10 // KiB
	importPasses  = 2
	importThreads = 1
	saltSize      = 16
	hashSize      = 32
)

// HashImported returns the stored form of a secret that somebody chose: argon2id,
// because it may have few bits. The secret must have 1 to 1024 bytes; no more is
// asked of it, since it is in use already.
func HashImported(secret string) (string, error) {
	if secret == "" || len(secret) > maxSecret {
		return "", errors.New("a client secret must have 1 to 1024 bytes")
	}
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails
	hash := argon2.IDKey([]byte(secret), salt, importPasses, importMemory, importThreads, hashSize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, importMemory, importPasses, importThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(hash)), nil
}

// An argon2idHash is a PHC string, read.
type argon2idHash struct {
	memory, passes uint32 // memory in KiB
	threads        uint8
	salt, hash     []byte
}

func verifyArgon2id(phc, secret string) bool {
	h, err := parseArgon2id(phc)
	if err != nil {
		return false
	}
	got := argon2.IDKey([]byte(secret), h.salt, h.passes, h.memory, h.threads, uint32(len(h.hash)))
	return subtle.ConstantTimeCompare(got, h.hash) == 1
}

var errPHC = errors.New("client secret hash is not argon2id in PHC form with affordable costs")

// parseArgon2id reads $argon2id$v=19$m=…,t=…,p=…$salt$hash. Costs beyond what an
// import would have are refused: they would keep this server busy.
func parseArgon2id(phc string) (argon2idHash, error) {
	parts := strings.Split(phc, "$")
	if strings.ContainsAny(phc, "\r\n") { // which the decoder of base64 skips
		return argon2idHash{}, errPHC
	}
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return argon2idHash{}, errPHC
	}
	var h argon2idHash
	_, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads)
	if err != nil || parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", h.memory, h.passes, h.threads) {
		return argon2idHash{}, errPHC
	}
	// RFC 9106 §3.1: at least 8 KiB for each thread.
	if h.memory < 8*uint32(h.threads) || h.memory > 256<<10 || h.passes == 0 || h.passes > 16 || h.threads == 0 || h.threads > 16 {
		return argon2idHash{}, errPHC
	}
	var saltErr, hashErr error
	h.salt, saltErr = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	h.hash, hashErr = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if saltErr != nil || hashErr != nil || len(h.salt) < 8 || len(h.salt) > 64 || len(h.hash) < 16 || len(h.hash) > 64 {
		return argon2idHash{}, errPHC
	}
	return h, nil
}
