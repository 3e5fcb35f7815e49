package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/store"
)

func newClientsShow() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "show CLIENT_ID",
		Short: "Show a client",
		Args:  cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		c, err := st.Client(cmd.Context(), args[0])
		if err != nil {
			return explain(err, "client "+args[0], "clients list")
		}
		v := viewClient(c)
		metadata, err := json.MarshalIndent(v.Metadata, "", "  ")
		if err != nil {
			return err
		}
		return o.print(cmd.OutOrStdout(), v, "client_id      %s\nsource         %s\ncreated        %s\nlast used      %s\nexpires        %s\ndisabled       %s\nsecrets        %s\nPKCE           %s\nJWTs           %s\nmetadata       %s",
			c.ID, c.Source, stamp(c.CreatedAt), stamp(c.LastUsedAt), stamp(c.ExpiresAt), yesNo(v.Disabled), describeSecrets(c), pkceOf(c), legacyOf(c), metadata)
	})
}

// A clientView is a client as show prints it: no secret, no hash.
type clientView struct {
	ClientID          string          `json:"client_id"`
	Source            string          `json:"source"`
	CreatedAt         time.Time       `json:"created_at"`
	UpdatedAt         time.Time       `json:"updated_at"`
	LastUsedAt        *time.Time      `json:"last_used_at,omitempty"`
	ExpiresAt         *time.Time      `json:"expires_at,omitempty"`
	Disabled          bool            `json:"disabled"`
	Secrets           int             `json:"secrets"`
	InsecureNoPKCE    bool            `json:"insecure_no_pkce"`
	InsecureLegacyJWT bool            `json:"insecure_legacy_jwt"`
	Metadata          json.RawMessage `json:"metadata"`
}

func viewClient(c store.Client) clientView {
	return clientView{
		c.ID, c.Source, c.CreatedAt, c.UpdatedAt, orNil(c.LastUsedAt), orNil(c.ExpiresAt),
		!c.DisabledAt.IsZero(), len(c.Secrets), c.InsecureNoPKCE, c.InsecureLegacyJWT, c.Metadata,
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func pkceOf(c store.Client) string {
	if c.InsecureNoPKCE {
		return "may be left out"
	}
	return "required"
}

func legacyOf(c store.Client) string {
	if c.InsecureLegacyJWT {
		return "may be addressed to the token endpoint, or have no typ"
	}
	return "as the standards want them now"
}

// describeSecrets says how many there are, and when the old ones end.
func describeSecrets(c store.Client) string {
	text := fmt.Sprint(len(c.Secrets))
	for _, s := range c.Secrets {
		if !s.ExpiresAt.IsZero() {
			text += fmt.Sprintf(", one until %s", stamp(s.ExpiresAt))
		}
	}
	return text
}
