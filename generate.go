// Package charter holds the sources that everything else is made from: the
// OpenAPI document, the database schema and the templates of the pages.
//
// Charter is a spec-first OAuth 2.1 authorization server framework. To read it,
// start at the contract and go down:
//
//  1. openapi.yaml is the whole HTTP surface; every operation names the section
//     of its standard.
//  2. Package gen is generated from it with templates/gen: types, decoders,
//     validators, routes, and the interface gen.Server with one method per
//     operation.
//  3. Package impl/server implements that interface: one file per endpoint,
//     grant or check. Read token.go first, then grant_authorization_code.go,
//     then issue.go.
//  4. Package impl/store is the contract with a database; schema.sql is its one
//     schema, impl/store/sqlstore the implementation over it.
//  5. Package impl/interact shows people the pages in templates/pages; package
//     impl/protect guards resources; impl/cmd/charter is the binary.
//
// The module is generated anew with `go generate ./...`, run in its root.
package charter

import "embed"

//go:generate go tool oapi-codegen -config templates/gen/support.yaml -o gen/support.gen.go openapi.yaml
//go:generate go tool oapi-codegen -config templates/gen/models.yaml -o gen/models.gen.go openapi.yaml
//go:generate go tool oapi-codegen -config templates/gen/validate.yaml -o gen/validate.gen.go openapi.yaml
//go:generate go tool oapi-codegen -config templates/gen/server.yaml -o gen/server.gen.go openapi.yaml
//go:generate go tool oapi-codegen -config templates/gen/client.yaml -o gen/client/client.gen.go openapi.yaml
//go:generate go run ./templates/gen/docs -o gen/docs openapi.yaml

// OpenAPI is openapi.yaml, the contract, as it is published.
//
//go:embed openapi.yaml
var OpenAPI []byte

// Schema is schema.sql, the schema of every SQL store.
//
//go:embed schema.sql
var Schema string

// Pages is templates/pages, the HTML that people see, at that path.
//
//go:embed templates/pages
var Pages embed.FS
