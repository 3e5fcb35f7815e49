// Package jwe encrypts what is for one client alone, and decrypts what is for the
// server alone: JSON Web Encryption (RFC 7516) in compact serialization, by
// go-jose.
//
// Few algorithms are allowed (RFC 8725 §3.2): RSA-OAEP-256 and ECDH-ES for keys,
// AES-GCM and AES-CBC with HMAC for content. Nothing is compressed or
// decompressed (§3.6), and nothing rests on a password or on RSA with PKCS #1 v1.5. It stands apart from
// package jose so that whoever only verifies signatures does not link it.
//
// It knows no client and no network: a key set comes in as bytes.
package jwe
