package main

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

func newToken() *cobra.Command {
	return group("token", "A token that you hold", newTokenIntrospect(), newTokenRevoke())
}

const maxTokenInput = 64 << 10

// readToken reads a token from the file that is named, or standard input. It is
// no argument itself: arguments end in the shell's history and in ps.
func readToken(cmd *cobra.Command, args []string) (string, error) {
	in := cmd.InOrStdin()
	if len(args) == 1 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return "", errors.New("cannot open the file that should hold the token; give the token itself on standard input")
		}
		defer f.Close()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, maxTokenInput))
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(content))
	if token == "" {
		return "", errors.New("there is no token on standard input; or name a file that holds it")
	}
	return token, nil
}

func newTokenIntrospect() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "introspect [FILE]",
		Short: "Tell what the store knows of the token in a file or on standard input",
		Args:  cobra.MaximumNArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		token, err := readToken(cmd, args)
		if err != nil {
			return err
		}
		found, err := server.InspectToken(cmd.Context(), st, time.Now(), token)
		if err != nil {
			return err
		}
		v := viewToken(found)
		if v.Kind == "" {
			return o.print(cmd.OutOrStdout(), v, "state      %s", v.State)
		}
		return o.print(cmd.OutOrStdout(), v, "state      %s\nkind       %s\nclient_id  %s\nsub        %s\nscope      %s\naud        %s\ngrant_id   %s\nissued     %s\nexpires    %s",
			v.State, v.Kind, v.ClientID, v.Subject, v.Scope, strings.Join(v.Audience, " "), v.GrantID, stamp(found.Token.CreatedAt), stamp(found.Token.ExpiresAt))
	})
}

type tokenView struct {
	Active    bool              `json:"active"`
	State     server.TokenState `json:"state"`
	Kind      store.Kind        `json:"kind,omitempty"`
	ClientID  string            `json:"client_id,omitempty"`
	Subject   string            `json:"sub,omitempty"`
	Scope     string            `json:"scope,omitempty"`
	Audience  []string          `json:"aud,omitempty"`
	GrantID   string            `json:"grant_id,omitempty"`
	IssuedAt  *time.Time        `json:"issued_at,omitempty"`
	ExpiresAt *time.Time        `json:"expires_at,omitempty"`
}

func viewToken(found server.InspectedToken) tokenView {
	t := found.Token
	return tokenView{
		found.State == server.TokenActive, found.State, t.Kind, t.ClientID, found.Grant.Subject,
		strings.Join(t.Scopes, " "), t.Resources, t.GrantID, orNil(t.CreatedAt), orNil(t.ExpiresAt),
	}
}

func newTokenRevoke() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "revoke [FILE]",
		Short: "Revoke the grant of the token in a file or on standard input",
		Args:  cobra.MaximumNArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		token, err := readToken(cmd, args)
		if err != nil {
			return err
		}
		grant, err := server.EndToken(cmd.Context(), st, time.Now(), token)
		switch {
		case errors.Is(err, server.ErrTokenUnknown):
			return errors.New("the store has no such token; it may have expired and been removed")
		case errors.Is(err, server.ErrTokenNoGrant):
			return errors.New("this token belongs to no grant; a registration access token ends with its client, an initial access token expires")
		case err != nil:
			return err
		}
		return o.print(cmd.OutOrStdout(), struct {
			GrantID string `json:"grant_id"`
		}{grant}, "revoked grant %s", grant)
	})
}
