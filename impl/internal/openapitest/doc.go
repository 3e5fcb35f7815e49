// Package openapitest holds the answers of a server to openapi.yaml: status,
// media type, headers and body must be what the document says of the operation.
// It reads the document with kin-openapi, which shares nothing with the code
// templates, and finds operations by itself; it knows neither package gen nor
// any implementation. It is for tests.
package openapitest
