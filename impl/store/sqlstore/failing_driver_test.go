package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"sync"

	"github.com/charterauth/charter/impl/internal/nthcall"
)

// faults decide which call to the engine fails, counted over all connections
// while they are armed.
type faults struct {
	mu     sync.Mutex
	armed  bool
	n      int   // the call to fail, from 1; 0: none
	every  bool  // that call and all after it
	after  bool  // the call happens, and its answer is lost
	err    error // what is told
	calls  int
	failed bool
}

var _ nthcall.Engine = (*faults)(nil)

// Arm implements nthcall.Engine.
func (f *faults) Arm(n int, every, after bool, fault nthcall.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.n, f.every, f.after, f.err, f.calls, f.failed = true, n, every, after, fault.Err, 0, false
}

// Disarm implements nthcall.Engine.
func (f *faults) Disarm() (calls int, failed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = false
	return f.calls, f.failed
}

// call makes a call to the engine, or fails it.
func (f *faults) call(do func() error) error {
	f.mu.Lock()
	fails := false
	if f.armed {
		f.calls++
		if fails = f.calls == f.n || f.every && f.calls > f.n; fails {
			f.failed = true
		}
	}
	after, err := f.after, f.err
	f.mu.Unlock()
	if !fails {
		return do()
	}
	if after {
		if err := do(); err != nil {
			return err
		}
	}
	return err
}

// A failingConnector opens connections of another connector whose calls may fail.
type failingConnector struct {
	open   func(context.Context) (driver.Conn, error)
	driver driver.Driver
	faults *faults
}

func (c failingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	return failingConn{conn, c.faults}, nil
}

func (c failingConnector) Driver() driver.Driver { return c.driver }

type failingConn struct {
	driver.Conn
	faults *faults
}

// BeginTx that began, and whose answer was lost, has lost its connection, with
// which the engine ends the transaction.
func (c failingConn) BeginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	err = c.faults.call(func() (e error) { tx, e = c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o); return e })
	if err != nil && tx != nil {
		tx.Rollback()
	}
	return failingTx{tx, c.faults}, err
}

func (c failingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return failingStmt{stmt, c.faults}, nil
}

func (c failingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (res driver.Result, err error) {
	err = c.faults.call(func() (e error) { res, e = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args); return e })
	return res, err
}

func (c failingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = c.faults.call(func() (e error) { rows, e = c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args); return e })
	return answered(rows, err)
}

func (c failingConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// answered closes rows whose answer was lost.
func answered(rows driver.Rows, err error) (driver.Rows, error) {
	if err != nil && rows != nil {
		rows.Close()
		return nil, err
	}
	return rows, err
}

type failingTx struct {
	driver.Tx
	faults *faults
}

// Commit that fails has undone the transaction, as engines do, unless only its
// answer was lost.
func (t failingTx) Commit() error {
	done := false
	err := t.faults.call(func() error { done = true; return t.Tx.Commit() })
	if err != nil && !done {
		t.Tx.Rollback()
	}
	return err
}

type failingStmt struct {
	driver.Stmt
	faults *faults
}

func (s failingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (res driver.Result, err error) {
	err = s.faults.call(func() (e error) { res, e = s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args); return e })
	return res, err
}

func (s failingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = s.faults.call(func() (e error) { rows, e = s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args); return e })
	return answered(rows, err)
}
