// Package customgrant is a grant added to Charter: a confidential client of the
// operator exchanges a voucher, which another system of the operator signed, for
// a token of the person it names.
//
// The grant is one value, one parameter and one branch in openapi.yaml, and the
// file testdata/grant_voucher.go.txt in impl/server. The test applies them to a
// copy of the sources, generates, and runs what came of it.
package customgrant
