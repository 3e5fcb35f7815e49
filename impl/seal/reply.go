package seal

// SealReply seals the answer that a refresh gave, so that a retry with the same,
// now used token gets the same successor. Only the bearer of token can open it.
// aad is the identity of the used token's row. The error is ErrWeakToken.
func SealReply(token string, aad, plaintext []byte) ([]byte, error) {
	return sealUnderToken(token, labelReply, plaintext, aad)
}

// OpenReply is the inverse of SealReply with the same token and aad; the error
// is ErrOpen.
func OpenReply(token string, aad, sealed []byte) ([]byte, error) {
	return openUnderToken(token, labelReply, sealed, aad)
}

func sealUnderToken(token, label string, plaintext, aad []byte) ([]byte, error) {
	key, err := underToken(token, label)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	b, err := newBox(key)
	if err != nil {
		return nil, err
	}
	return b.seal(plaintext, aad), nil
}

func openUnderToken(token, label string, sealed, aad []byte) ([]byte, error) {
	key, err := underToken(token, label)
	if err != nil {
		return nil, ErrOpen
	}
	defer clear(key)
	b, err := newBox(key)
	if err != nil {
		return nil, ErrOpen
	}
	return b.open(sealed, aad)
}
