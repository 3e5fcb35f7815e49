package gentest

// The probe is a second document: what the templates can do and openapi.yaml
// does not use yet (header parameters, booleans, dependentRequired) is tested on
// code generated from it with the same configurations.

//go:generate go -C ../../.. tool oapi-codegen -config templates/gen/support.yaml -package probe -o impl/internal/gentest/probe/support.gen.go impl/internal/gentest/testdata/probe.yaml
//go:generate go -C ../../.. tool oapi-codegen -config templates/gen/models.yaml -package probe -o impl/internal/gentest/probe/models.gen.go impl/internal/gentest/testdata/probe.yaml
//go:generate go -C ../../.. tool oapi-codegen -config templates/gen/validate.yaml -package probe -o impl/internal/gentest/probe/validate.gen.go impl/internal/gentest/testdata/probe.yaml
//go:generate go -C ../../.. tool oapi-codegen -config templates/gen/server.yaml -package probe -o impl/internal/gentest/probe/server.gen.go impl/internal/gentest/testdata/probe.yaml
