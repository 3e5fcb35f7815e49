package oracle

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A State is every record of a store as text, by kind: clients, grants, tokens …
type State map[string][]string

// unstated are the kinds that every request may change: the audit trail, and
// the counters of rate limits.
var unstated = []string{"events", "counters"}

// Changed returns the kinds, sorted, whose records are not the same in both
// states, but for the audit trail and the counters of rate limits.
func Changed(before, after State) []string {
	kinds := maps.Clone(before)
	maps.Copy(kinds, after)
	var changed []string
	for kind := range kinds {
		if !slices.Contains(unstated, kind) && !slices.Equal(before[kind], after[kind]) {
			changed = append(changed, kind)
		}
	}
	slices.Sort(changed)
	return changed
}

// Unexpected returns what is wrong with changes where wanted was to change.
func Unexpected(changed, wanted []string) []string {
	var faults []string
	for _, kind := range changed {
		if !slices.Contains(wanted, kind) {
			faults = append(faults, "the refusal changed the "+kind)
		}
	}
	for _, kind := range wanted {
		if !slices.Contains(changed, kind) {
			faults = append(faults, "the refusal was to change the "+kind+" and did not")
		}
	}
	return faults
}

// Memory returns what a memory store holds. st is one, or a struct of a test
// around one, whose embedded Store it is.
func Memory(ctx context.Context, st store.Store) (State, error) {
	if err := st.Ping(ctx); err != nil { // what was written before is seen
		return nil, err
	}
	for {
		held, ok := st.(*memory.Store)
		if ok {
			return records(reflect.ValueOf(held).Elem()), nil
		}
		v := reflect.Indirect(reflect.ValueOf(st))
		if v.Kind() != reflect.Struct || !v.FieldByName("Store").IsValid() {
			return nil, fmt.Errorf("%T holds no memory store", st)
		}
		if st, ok = v.FieldByName("Store").Interface().(store.Store); !ok {
			return nil, errors.New("the field Store is no store")
		}
	}
}

// records reads the maps of a struct, each a kind.
func records(v reflect.Value) State {
	state := State{}
	for i := range v.NumField() {
		field := v.Field(i)
		if field.Kind() != reflect.Map {
			continue
		}
		kind := v.Type().Field(i).Name
		state[kind] = []string{}
		for rows := field.MapRange(); rows.Next(); {
			state[kind] = append(state[kind], fmt.Sprintf("%+v: %+v", rows.Key(), rows.Value()))
		}
		slices.Sort(state[kind])
	}
	return state
}

// prefix is what the names of our tables begin with.
const prefix = "charter_"

// SQL returns what the tables of schema.sql hold in a database.
func SQL(ctx context.Context, db *sql.DB, schema string) (State, error) {
	state := State{}
	for line := range strings.Lines(schema) {
		name, ok := strings.CutPrefix(line, "CREATE TABLE "+prefix)
		if !ok {
			continue
		}
		kind, _, _ := strings.Cut(name, " ")
		rows, err := table(ctx, db, prefix+kind)
		if err != nil {
			return nil, err
		}
		state[kind] = rows
	}
	if len(state) == 0 {
		return nil, errors.New("the schema has no table")
	}
	return state, nil
}

// table reads all rows of a table, each as text, sorted.
func table(ctx context.Context, db *sql.DB, name string) (texts []string, err error) {
	rows, err := db.QueryContext(ctx, "SELECT * FROM "+name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				values[i] = string(b)
			}
		}
		texts = append(texts, fmt.Sprint(values))
	}
	slices.Sort(texts)
	return texts, rows.Err()
}
