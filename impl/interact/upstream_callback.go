package interact

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/server"
)

// UpstreamCallback takes the answer of the upstream provider (RFC 6749 §4.1.2).
// The state is good in the browser that was sent there, for what it was sent for:
// an answer that somebody else carries to this browser ends here.
func (p operations) UpstreamCallback(ctx context.Context, in *gen.UpstreamCallbackInput) (gen.UpstreamCallbackOutput, error) {
	if p.cfg.Upstream == nil {
		return nil, errNoUpstream
	}
	e, err := p.errand(ctx, in.HTTP, handleOf(in.Query.State))
	if err != nil {
		return nil, err
	}
	scopes, ok := e.allowedBy(in.Query.State)
	if !ok {
		return nil, errUpstreamState
	}
	if in.Query.Error != "" {
		return p.upstreamFailed(ctx, e, in.Query.Error)
	}
	id, err := p.signInUpstream(ctx, e, in)
	if err != nil {
		return nil, p.explainUpstream(ctx, err)
	}
	cookie, session, err := p.sessions.begin(ctx, in.HTTP, id)
	if err != nil {
		return nil, err
	}
	if e.pending == nil {
		return gen.UpstreamCallback303{Location: e.next, SetCookie: append(p.server.ChangeUserAgentState(), cookie)}, nil
	}
	d := p.decision(visitor{id, session, id.ACR})
	d.Scopes = scopes
	response, err := p.server.Complete(ctx, e.pending, d)
	return upstreamAnswer(response, []string{cookie}, err)
}

// upstreamAnswer gives the browser what goes to the client.
func upstreamAnswer(response server.Response, cookies []string, err error) (gen.UpstreamCallbackOutput, error) {
	if err != nil {
		return nil, err
	}
	cookies = append(cookies, response.SetCookie()...)
	if page, policy := response.Page(); page != nil {
		return gen.UpstreamCallback200{ContentSecurityPolicy: policy, SetCookie: cookies, Body: page}, nil
	}
	return gen.UpstreamCallback303{Location: response.Location(), SetCookie: cookies}, nil
}

var (
	errNoUpstream = &gen.Problem{Status: http.StatusNotFound, Code: "invalid_request", Reason: "there is nothing at this path"}
	// errUpstreamState refuses an answer to a question that this browser did not ask.
	errUpstreamState = &gen.Problem{Status: http.StatusBadRequest, Code: "invalid_request", Param: "state",
		Reason: "this sign-in was started in another browser, or cookies are off; go back to the application and start again"}
	errUpstreamAnswer = &gen.Problem{Status: http.StatusBadRequest, Code: "invalid_request",
		Reason: "the sign-in was not accepted; go back to the application and start again"}
	errUpstreamAccount = &gen.Problem{Status: http.StatusForbidden, Code: "access_denied",
		Reason: "this account may not sign in here"}
	errUpstreamDown error = &gen.Problem{Status: http.StatusServiceUnavailable, Code: "temporarily_unavailable",
		Reason: "the provider that you sign in at does not answer; try again in a moment"}
)

// upstreamFailed ends a sign-in that the provider, or the person there, refused.
// Any code but access_denied tells of the provider's trouble or ours, and leaves
// the request waiting.
func (p *pages) upstreamFailed(ctx context.Context, e errand, code string) (gen.UpstreamCallbackOutput, error) {
	switch {
	case code == "access_denied" && e.pending != nil:
		response, err := p.server.Deny(ctx, e.pending)
		return upstreamAnswer(response, nil, err)
	case code == "server_error" || code == "temporarily_unavailable":
		return nil, errUpstreamDown
	}
	p.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "upstream sign-in failed", slog.String("error", code))
	return nil, errUpstreamAnswer
}

func (p *pages) signInUpstream(ctx context.Context, e errand, in *gen.UpstreamCallbackInput) (Identity, error) {
	if in.Query.Code == "" {
		return Identity{}, errUpstreamAnswer
	}
	id, err := p.cfg.Upstream.SignIn(ctx, p.attemptOf(e, in.Query.State), UpstreamAnswer{Code: in.Query.Code, Issuer: in.Query.Iss})
	if errors.Is(err, ErrNoAccount) || errors.Is(err, ErrUpstreamRefused) {
		p.record(ctx, in.HTTP, e, Identity{}, ErrCredentials)
	}
	if err != nil {
		return Identity{}, err
	}
	if id.Subject == "" {
		return Identity{}, errors.New("Upstream.SignIn returned an Identity without a Subject")
	}
	p.record(ctx, in.HTTP, e, id, nil)
	return id, nil
}

// explainUpstream turns an error of Upstream.SignIn into what a person is told.
func (p *pages) explainUpstream(ctx context.Context, err error) error {
	explained := map[error]error{
		ErrNoAccount: errUpstreamAccount, ErrUpstreamRefused: errUpstreamAnswer, ErrUpstreamUnavailable: errUpstreamDown,
	}
	for cause, told := range explained {
		if errors.Is(err, cause) {
			p.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "upstream sign-in failed", slog.Any("error", err))
			return told
		}
	}
	return err
}
