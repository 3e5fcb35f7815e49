package main

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

func newConfig() *cobra.Command {
	return group("config", "The configuration of serve", newConfigCheck(), newConfigSchema())
}

func newConfigCheck() *cobra.Command {
	var o serveOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say what serve would run with, where each value is from, and what is wrong",
		Long: `Say what serve would run with, where each value is from, and what is wrong.

It takes the flags of serve, opens no database and no port, and changes nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.dryRun(); err != nil {
				return err
			}
			return printSettings(cmd, o.location.config.file, asJSON)
		},
	}
	o.flags(cmd.Flags())
	completeChoices(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// dryRun makes the server over an empty store in memory and drops it.
func (o serveOptions) dryRun() error {
	if err := o.check(); err != nil {
		return err
	}
	if err := o.checkStore(); err != nil {
		return err
	}
	addr, err := net.ResolveTCPAddr("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	cfg, err := o.config(addr)
	if err != nil {
		return err
	}
	if cfg.KeyEncryptionKey, err = seal.ParseKEK([]byte(seal.GenerateKEK())); err != nil {
		return err
	}
	st := memory.New()
	cfg.Store = st
	pages, err := o.people(interact.Config{Store: st, ScopeDescriptions: o.scopeDescriptions()}, st)
	if err != nil {
		return err
	}
	cfg.Interaction = interact.Pages(pages)
	srv, err := server.New(cfg)
	if err != nil {
		return err
	}
	return srv.Close()
}

// checkStore looks at the scheme alone, as connect does.
func (o serveOptions) checkStore() error {
	switch scheme, rest, _ := strings.Cut(o.location.source(), ":"); {
	case scheme == "sqlite" && rest != "", slices.Contains([]string{"postgres", "postgresql", "mysql", "redis", "rediss"}, scheme):
		return nil
	}
	return fmt.Errorf("--store must be sqlite:PATH, postgres://…, mysql://… or redis://…")
}

// A setting is one value that serve would run with.
type setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"` // flag, environment, file or default
}

func printSettings(cmd *cobra.Command, file configFile, asJSON bool) error {
	out := cmd.OutOrStdout()
	inFile := fileKeys(file)
	var problem error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Name == "json" || problem != nil {
			return
		}
		s := setting{f.Name, strings.Trim(f.Value.String(), "[]"), sourceOf(f)}
		if f.Name == "store" {
			s.Value = redactSource(s.Value)
		}
		if s.Source == "" {
			s.Source = "default"
			if inFile[f.Name] {
				s.Source = "file"
			}
		}
		if asJSON {
			problem = json.NewEncoder(out).Encode(s)
			return
		}
		_, problem = fmt.Fprintf(out, "%-24s %-11s %s\n", s.Key, s.Source, s.Value)
	})
	return problem
}
