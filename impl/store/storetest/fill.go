package storetest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// binary names the fields that hold any bytes. Every other []byte is JSON text.
var binary = map[string]bool{"Props": true, "WrappedKey": true, "Reply": true, "Sealed": true}

// filled returns a T with every exported field set to something of its own, so
// that a field which is new in the records fails every store that forgets it.
func filled[T any](t testing.TB) T {
	t.Helper()
	var record T
	fill(t, reflect.ValueOf(&record).Elem(), "")
	complete(t, record)
	return record
}

func fill(t testing.TB, v reflect.Value, name string) {
	n := serial.Add(1)
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = epoch.Add(time.Duration(n) * (time.Hour + time.Microsecond))
		return
	case *store.Digest:
		*p = freshDigest()
		return
	case *store.Kind:
		*p = store.RefreshToken
		return
	case *[]byte:
		*p = fmt.Appendf(nil, `{"z": %d,  "a":"é\u0000"}`, n)
		if binary[name] {
			*p = fmt.Appendf(nil, "\x00\xff\xfe'\\%d", n)
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%s-%d", strings.ToLower(name), n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1<<40 + n) // does not fit in 32 bits
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i), name)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), v.Type().Field(i).Name)
		}
	default:
		t.Fatalf("storetest cannot fill %s of type %s", name, v.Type())
	}
}

// complete fails the kit itself when it compares a record with an empty field:
// that field would not be tested.
func complete(t testing.TB, record any) {
	t.Helper()
	v := reflect.ValueOf(record)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("storetest compares %s with an empty %s", v.Type(), v.Type().Field(i).Name)
		}
	}
}

// same reports every field in which two records differ.
func same(t testing.TB, what string, got, want any) {
	t.Helper()
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range w.NumField() {
		a, b := g.Field(i).Interface(), w.Field(i).Interface()
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %s.%s is %s, want %s", what, w.Type(), w.Type().Field(i).Name, show(a), show(b))
		}
	}
}

// show makes empty and nil, and bytes that cannot be printed, visible.
func show(v any) string {
	if b, ok := v.([]byte); ok && b != nil {
		return fmt.Sprintf("%.120q", b)
	}
	return fmt.Sprintf("%.200s", fmt.Sprintf("%#v", v))
}
