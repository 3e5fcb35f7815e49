// Package fetch gets documents from URLs that strangers chose: client ID metadata
// documents, key sets, request objects, upstream discovery; and posts messages to
// such URLs: logout tokens. It is the only place that makes outbound requests for
// them.
//
// The guard: https alone; the address is checked when the socket is made, after
// resolution, so no name and no second answer of a resolver reaches anything
// private; redirects are not followed; no proxy, cookie or credential; five
// seconds and 64 KiB for all of it; few requests, and one at a time for a URL.
//
// It does not know what a document means. A caller that finds one invalid says
// so with Reject, so that it is not kept (CIMD §4.4).
package fetch
