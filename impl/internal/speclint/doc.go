// Package speclint holds openapi.yaml to the rules that the code templates, the
// standards and the readers of the document rely on. It owns those rules, and for
// each of them changes of the document that it must notice. It reads the document
// alone: it knows neither package gen nor any implementation.
package speclint
