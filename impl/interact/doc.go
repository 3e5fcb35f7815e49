// Package interact is what people see: it signs them in and out, asks for their
// consent, shows which apps have access to their account, and tells them about
// errors, with pages that need no JavaScript.
//
// It owns accounts with passwords, browser sessions, the limits on guessing, and
// the pages of templates/pages. It makes no grant, code or token: an
// authorization request reaches it as a server.Pending that has passed every
// check, and leaves it through Server.Complete or Server.Deny. Nothing that
// comes back through a form can widen what was asked for. Of grants it reads
// whether consent was given before (remembered.go) and what to list (apps.go).
//
// Read Config and Pages first, then login.go and consent.go, then Accounts.
package interact
