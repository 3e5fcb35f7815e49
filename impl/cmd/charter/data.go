package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/charterauth/charter/impl/seal"
)

// A location says where the state is. Every command has its flags.
type location struct {
	data  string // directory of the embedded database and the key
	store string // sqlite:PATH, postgres://…, mysql://… or redis://…; empty: sqlite in data

	config configPath
}

func (l *location) flags(f *pflag.FlagSet) {
	f.Var(&l.config, "config", "YAML file with the flags of serve as keys; charter config schema describes it")
	f.StringVar(&l.data, "data", "charter-data", "directory of the embedded database and of the key-encryption key")
	f.StringVar(&l.store, "store", "", "database: sqlite:PATH, postgres://…, mysql://… or redis://… (default sqlite in the data directory)")
}

// source returns the data source name of the store.
func (l *location) source() string {
	if l.store != "" {
		return l.store
	}
	return "sqlite:" + filepath.Join(l.data, "charter.db")
}

// makeData creates the data directory, for its owner alone.
func (l *location) makeData() error {
	if err := os.MkdirAll(l.data, 0o700); err != nil {
		return fmt.Errorf("cannot create the data directory: %w; name another with --data", err)
	}
	return nil
}

const keyVariable = environmentPrefix + "KEY"

// key returns the key-encryption key: CHARTER_KEY, the file that
// CHARTER_KEY_FILE names, or charter.key in the data directory, which is made at
// the first start. No message ever has the value.
func (l *location) key() (*seal.KEK, error) {
	value, found, err := secret(keyVariable)
	if err != nil {
		return nil, err
	}
	if found {
		kek, err := seal.ParseKEK(value)
		if err != nil {
			return nil, fmt.Errorf("%s is no key: %w; make one with: openssl rand -base64 32", keyVariable, err)
		}
		return kek, nil
	}
	path := filepath.Join(l.data, "charter.key")
	value, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		value, err = newKeyFile(path)
	}
	if err != nil {
		return nil, err
	}
	kek, err := seal.ParseKEK(value)
	if err != nil {
		return nil, fmt.Errorf("%s holds no key: %w; restore it from your backup, since what it sealed cannot be read without it", path, err)
	}
	return kek, nil
}

// newKeyFile makes a key. Of two processes that start at once one makes it and
// the other reads it.
func newKeyFile(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// A whole file is linked into place, so nobody reads half a key.
	f, err := os.CreateTemp(filepath.Dir(path), ".charter.key-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(seal.GenerateKEK() + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("cannot create %s: %w", path, err)
	}
	return os.ReadFile(path)
}
