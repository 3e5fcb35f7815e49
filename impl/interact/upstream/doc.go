// Package upstream lets people sign in at another OpenID provider: it is the
// relying party (OpenID Connect Core §3.1) behind interact.Config.Upstream. It
// owns discovery, the code's exchange and the checks of the ID Token; whose
// account it is, and what a browser may do meanwhile, package interact knows.
package upstream
