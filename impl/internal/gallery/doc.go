// Package gallery looks at every page that people see, in a real browser: on a
// phone and a desktop, light and dark, with axe-core and with the keyboard. It
// also makes the pictures in .github/screenshots:
//
//	go test ./impl/internal/gallery -update
package gallery
