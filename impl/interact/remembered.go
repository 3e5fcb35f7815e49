package interact

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// maxRemembered bounds how many grants of a person are looked at; whose consent
// is not among them is asked.
const maxRemembered = 1000

// remembered reports whether the person allowed all of what pending asks for
// before, and still does, so that asking would tell them nothing. The grant that
// says so is for the same client, to the same redirect URI, at the same
// resources, with at least these scopes, made after the registration last
// changed, and neither revoked nor expired.
func (p *pages) remembered(ctx context.Context, r *http.Request, pending *server.Pending, v visitor) (bool, error) {
	if !p.mayRemember(pending) || !visits(r, pending) {
		return false, nil
	}
	grants, err := p.server.Grants(ctx, v.Subject, "", maxRemembered)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(grants, func(g store.Grant) bool { return covers(g, pending) }), nil
}

// mayRemember reports whether an answer to pending may be given without the
// person at all. Only an https redirect URI is somebody's in particular: any
// program on the device can listen where a native app does, and send its name
// (RFC 8252 §8.6), whoever registered the client. A client that sends
// prompt=consent wants the person.
func (p *pages) mayRemember(pending *server.Pending) bool {
	return !p.cfg.AlwaysAsk && !pending.Asks(server.PromptConsent) && targetKind(pending.RedirectURI(), pending.Loopback()) == "web"
}

// visits reports whether r is a person's navigation, as far as the browser says
// (W3C Fetch Metadata §2.1): what is fetched ahead, for a frame or by a script
// gives nobody a code. A client that wants nothing shown may use a frame.
func visits(r *http.Request, pending *server.Pending) bool {
	to := r.Header.Get("Sec-Fetch-Dest")
	return (to == "" || to == "document" || to == "iframe" && pending.Silent()) && !strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch")
}

func covers(g store.Grant, pending *server.Pending) bool {
	if g.ClientID != pending.ClientID() || g.RedirectURI != pending.RedirectURI() || !pending.ClientUnchangedSince(g.CreatedAt) {
		return false
	}
	asked := pending.Resources()
	return len(asked) == len(g.Resources) && within(asked, g.Resources) && within(pending.Scopes(), g.Scopes) && pending.ClaimsCovered(g)
}

// within reports whether every value of part is one of all.
func within(part, all []string) bool {
	return !slices.ContainsFunc(part, func(value string) bool { return !slices.Contains(all, value) })
}

// answerAgain ends pending with the answer that was given before. The session is
// not renewed: nobody has decided anything.
func (p *pages) answerAgain(ctx context.Context, pending *server.Pending, v visitor) (server.Response, error) {
	response, err := p.server.Complete(ctx, pending, p.decision(v))
	if err != nil {
		return server.Response{}, err
	}
	p.server.Emit(ctx, store.Event{Reason: "consent_remembered", ClientID: pending.ClientID(), Subject: v.Subject})
	return response, nil
}
