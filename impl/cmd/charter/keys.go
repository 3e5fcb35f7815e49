package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

func newKeys() *cobra.Command {
	return group("keys", "Keys that sign tokens, and open request objects", newKeysList(), newKeysRotate())
}

func newKeysList() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "list",
		Short: "List the keys of the server",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, _ []string, st store.Store) error { return o.printKeys(cmd, st) })
}

func (o *operation) printKeys(cmd *cobra.Command, st store.Store) error {
	keys, err := st.Keys(cmd.Context())
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Public == nil {
			continue // that of pairwise subjects signs nothing
		}
		state := server.KeyState(k, time.Now())
		err := o.print(cmd.OutOrStdout(), struct {
			ID        string          `json:"kid"`
			Algorithm string          `json:"alg"`
			State     string          `json:"state"`
			ActiveAt  time.Time       `json:"active_at"`
			RetiredAt *time.Time      `json:"retired_at,omitempty"`
			ExpiresAt *time.Time      `json:"expires_at,omitempty"`
			Public    json.RawMessage `json:"public"`
		}{k.ID, k.Algorithm, state, k.ActiveAt, orNil(k.RetiredAt), orNil(k.ExpiresAt), k.Public},
			"%s\t%s\t%s\tactive from %s\tuntil %s", k.ID, k.Algorithm, state, stamp(k.ActiveAt), untilOf(k))
		if err != nil {
			return err
		}
	}
	return nil
}

func untilOf(k store.Key) string {
	if k.RetiredAt.IsZero() {
		return "its rotation"
	}
	return stamp(k.RetiredAt)
}

func newKeysRotate() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "rotate",
		Short: "Publish new keys, which sign after an hour, and print the keys",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, _ []string, st store.Store) error {
		keys, err := st.Keys(cmd.Context())
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			return errors.New("there are no keys: nothing is signed or decrypted yet")
		}
		kek, err := o.location.existingKey()
		if err != nil {
			return err
		}
		if err := server.RotateStoredKeys(cmd.Context(), st, kek, time.Now); err != nil {
			return err
		}
		return o.printKeys(cmd, st)
	})
}

// existingKey is key where a new key would be wrong: there are sealed ones.
func (l *location) existingKey() (*seal.KEK, error) {
	_, found, err := secret(keyVariable)
	if err != nil {
		return nil, err
	}
	if found {
		return l.key()
	}
	path := filepath.Join(l.data, "charter.key")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there: give the key that the server runs with, as %s or %s_FILE, or name its directory with --data", path, keyVariable, keyVariable)
	}
	return l.key()
}
