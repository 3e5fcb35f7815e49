package stolen

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/redis/go-redis/v9"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/internal/redistest"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/redisstore"
	"github.com/charterauth/charter/impl/store/sqlstore"
	"github.com/charterauth/charter/impl/store/sqlstore/mysql"
	"github.com/charterauth/charter/impl/store/sqlstore/postgres"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

// REL-40, REL-I7, MAD-13, MAD-14, MAD-17, ATK-106, ATK-135: the database of each
// engine is stolen while the server runs, with its own log of every statement.
func TestStolenDatabase(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "charter.db")
		v := victimOver(t, func() (store.Store, error) { return sqlite.Open(context.Background(), path) })
		d := &dump{raw: map[string][]byte{"log": []byte(v.Log.String())}}
		d.addFiles(t, dir)
		if len(d.raw) < 3 {
			t.Fatalf("there is no write-ahead log: %d files", len(d.raw))
		}
		db := sqlx.MustOpen("sqlite", path)
		defer db.Close()
		d.rows = readRows(t, db.DB)
		v.rob(t, d)
	})
	t.Run("postgres", func(t *testing.T) {
		cluster := pgtest.Start(t, "logging_collector=on", "log_min_messages=debug1", "log_statement=all")
		v := victimOver(t, func() (store.Store, error) { return postgres.Open(context.Background(), cluster.URL("")) })
		out, err := exec.Command(cluster.Program("pg_dump"), cluster.URL("")).Output()
		if err != nil {
			t.Fatal(err)
		}
		d := &dump{raw: map[string][]byte{"log": []byte(v.Log.String()), "pg_dump": out}}
		d.addFiles(t, cluster.Data())
		db := sqlx.MustOpen("pgx", cluster.URL(""))
		defer db.Close()
		d.rows = readRows(t, db.DB)
		v.rob(t, d)
	})
	t.Run("mariadb", func(t *testing.T) {
		server := mysqltest.Start(t, "--log-bin=binlog", "--binlog-format=MIXED", "--general-log", "--innodb-log-file-size=8M")
		v := victimOver(t, func() (store.Store, error) { return mysql.Open(context.Background(), server.URL("")) })
		d := &dump{raw: map[string][]byte{"log": []byte(v.Log.String())}}
		if program, err := exec.LookPath("mariadb-dump"); err == nil {
			_, port, _ := strings.Cut(server.Addr(), ":")
			out, err := exec.Command(program, "--no-defaults", "--host=127.0.0.1", "--port="+port, "--user=root", "--hex-blob", "charter").Output()
			if err != nil {
				t.Fatal(err)
			}
			d.raw["mariadb-dump"] = out
		}
		d.addFiles(t, server.Data())
		d.has(t, "binlog.000001")
		db := sqlx.MustOpen("mysql", server.Source())
		defer db.Close()
		d.rows = readRows(t, db.DB)
		v.rob(t, d)
	})
	t.Run("redis", func(t *testing.T) {
		server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always", "--rdbcompression", "no", "--loglevel", "debug")
		t.Cleanup(server.Stop)
		v := victimOver(t, func() (store.Store, error) { return redisstore.Open(context.Background(), server.URL) })
		admin := redis.NewClient(&redis.Options{Addr: server.Addr()})
		defer admin.Close()
		if err := admin.Save(context.Background()).Err(); err != nil {
			t.Fatal(err)
		}
		d := &dump{raw: map[string][]byte{"log": []byte(v.Log.String())}}
		d.addFiles(t, server.Dir())
		d.has(t, "dump.rdb")
		d.has(t, ".aof")
		d.rows = readRedis(t, server.Addr())
		v.rob(t, d)
	})
}

// has sees that a file is part of the dump, and not empty.
func (d *dump) has(t *testing.T, suffix string) {
	t.Helper()
	for name, content := range d.raw {
		if strings.HasSuffix(name, suffix) && len(content) > 0 {
			return
		}
	}
	t.Errorf("there is no file …%s", suffix)
}

func victimOver(t *testing.T, open func() (store.Store, error)) *victim {
	t.Helper()
	st, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if st, ok := st.(*sqlstore.Store); ok {
		if err := st.Migrate(context.Background(), charter.Schema); err != nil {
			t.Fatal(err)
		}
	}
	v := newVictim(t, st)
	v.live()
	return v
}

// rob is all that the thief tries.
func (v *victim) rob(t *testing.T, d *dump) {
	v.addKeys(t)
	t.Run("nothing is readable", func(t *testing.T) { v.nothingIsReadable(t, d) })
	t.Run("people are only where the schema says", func(t *testing.T) { peopleAreDeclared(t, d) })
	t.Run("nothing opens", func(t *testing.T) { v.nothingOpens(t, d) })
	t.Run("rows are bound", func(t *testing.T) { v.rowsAreBound(t) })
	t.Run("nobody is impersonated", func(t *testing.T) { v.nobodyIsImpersonated(t, d) })
}

// addKeys adds the private keys, which the key-encryption key opens, to what must
// not be found.
func (v *victim) addKeys(t *testing.T) {
	keys, err := v.Store.Keys(context.Background())
	if err != nil || len(keys) == 0 {
		t.Fatalf("%d keys: %v", len(keys), err)
	}
	for _, k := range keys {
		private, err := servertest.KEK(t).Open(k.Sealed, seal.Identity("key", k.ID, k.Algorithm))
		if err != nil {
			t.Fatal(err)
		}
		v.secrets["private key "+k.ID] = string(private)
		var jwk struct {
			D string `json:"d"`
		}
		if json.Unmarshal(private, &jwk) == nil && jwk.D != "" {
			v.secrets["private exponent "+k.ID] = jwk.D
		}
	}
}

// forms returns the ways in which a secret can be written: itself, without its
// prefix, in hexadecimal, in base64 at each of three positions, and escaped.
func forms(secret string) [][]byte {
	all := [][]byte{[]byte(secret), []byte(hex.EncodeToString([]byte(secret))), []byte(strings.ToUpper(hex.EncodeToString([]byte(secret)))), []byte(url.QueryEscape(secret))}
	if i := strings.IndexByte(secret, '_'); i > 0 && i < 6 && len(secret) > 32 {
		all = append(all, []byte(secret[i+1:i+25]))
	}
	for shift := range 3 {
		padded := append(make([]byte, shift), secret...)
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := e.EncodeToString(padded)
			all = append(all, []byte(text[[3]int{0, 2, 3}[shift]:len(text)-2]))
		}
	}
	if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil && len(raw) >= 16 {
		all = append(all, raw)
	}
	return all
}

func (v *victim) nothingIsReadable(t *testing.T, d *dump) {
	hunt := newHunt()
	for what, secret := range v.secrets {
		for _, form := range forms(secret) {
			hunt.add(what, form)
		}
	}
	total := 0
	for name, content := range d.raw {
		total += len(content)
		for _, what := range hunt.search(content) {
			t.Errorf("%s is in %s", what, filepath.Base(name))
		}
	}
	// The search finds what is there.
	known := newHunt()
	for _, public := range []string{v.public.ID, personName, servertest.Challenge} {
		known.add(public, []byte(public))
	}
	seen := make(map[string]bool)
	for _, content := range d.raw {
		for _, what := range known.search(content) {
			seen[what] = true
		}
	}
	if len(seen) != 3 {
		t.Errorf("of what is public the dump has only %v: it is not the database, or the search is blind", seen)
	}
	t.Logf("%d secrets in %d forms, in %d files of %d bytes", len(v.secrets), hunt.forms, len(d.raw), total)
}

// A hunt looks for many texts at once.
type hunt struct {
	forms  int
	starts [1 << 16]bool // the first two bytes of some text
	texts  map[[8]byte][]wanted
}

type wanted struct {
	what string
	text []byte
}

func newHunt() *hunt { return &hunt{texts: make(map[[8]byte][]wanted)} }

func (h *hunt) add(what string, text []byte) {
	h.forms++
	h.starts[int(text[0])<<8|int(text[1])] = true
	h.texts[[8]byte(text)] = append(h.texts[[8]byte(text)], wanted{what, text})
}

// search returns what it finds in content.
func (h *hunt) search(content []byte) (found []string) {
	for i := 0; i+8 <= len(content); i++ {
		if !h.starts[int(content[i])<<8|int(content[i+1])] {
			continue
		}
		for _, w := range h.texts[[8]byte(content[i:])] {
			if bytes.HasPrefix(content[i:], w.text) {
				found = append(found, w.what)
			}
		}
	}
	return found
}

// peopleAreDeclared: what tells about people is in columns that say so.
func peopleAreDeclared(t *testing.T, d *dump) {
	class, found := classes(t), 0
	for _, r := range d.rows {
		for column, value := range r.values {
			c, declared := class[r.table+"."+column]
			if of, index := strings.CutPrefix(r.table, "index of "); index {
				c, declared = of, true
			}
			if !declared {
				t.Fatalf("%s.%s is not in the schema", r.table, column)
			}
			if strings.Contains(value, personName) {
				found++
				if c != "personal" {
					t.Errorf("%s.%s is [%s] and names a person", r.table, column, c)
				}
			}
		}
	}
	if found == 0 {
		t.Error("the person is nowhere: nothing was checked")
	}
}
