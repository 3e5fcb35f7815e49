// Package client is the rules for what a client says of itself: the metadata of
// RFC 7591, the metadata documents that some clients are named by, redirect
// URIs, and how a client authenticates.
//
// Bytes go in, a verdict comes out: it fetches nothing, stores nothing, and
// knows neither HTTP nor the endpoints.
package client
