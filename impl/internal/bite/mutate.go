package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// function makes the mutants of a body, and of its last return.
func (s *source) function(signature *ast.FuncType, body *ast.BlockStmt) {
	if signature.Results != nil && len(body.List) > 0 {
		results := signature.Results.List
		last, isReturn := body.List[len(body.List)-1].(*ast.ReturnStmt)
		named, isName := results[len(results)-1].Type.(*ast.Ident)
		if isReturn && isName && len(last.Results) == signature.Results.NumFields() {
			s.result(last.Results[len(last.Results)-1], named.Name)
		}
	}
	ast.Inspect(body, s.visit)
}

// result makes the mutants of a function's last verdict.
func (s *source) result(e ast.Expr, kind string) {
	name, isName := e.(*ast.Ident)
	switch {
	case isName && (name.Name == "nil" || name.Name == "true" || name.Name == "false"):
	case kind == "error":
		s.wrap(e, fmt.Sprintf("biteNil_(%d, ", s.add("result", e.Pos(), e.End())), ")")
	case kind == "bool" && !isLogical(e):
		s.wrap(e, fmt.Sprintf("biteNot_(%d, ", s.add("not", e.Pos(), e.End())), ")")
	}
}

// visit makes the mutants of one node. What it has no business with, the
// condition of a loop above all, it leaves to the nodes below.
func (s *source) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncLit:
		s.function(n.Type, n.Body)
		return false
	case *ast.ForStmt: // a loop without its end proves nothing
		if n.Init != nil {
			ast.Inspect(n.Init, s.visit)
		}
		ast.Inspect(n.Body, s.visit)
		return false
	case *ast.IfStmt:
		s.branch(n)
	case *ast.SwitchStmt:
		s.cases(n)
	case *ast.ExprStmt:
		s.call(n)
	case *ast.KeyValueExpr:
		if v, ok := n.Value.(*ast.Ident); ok && v.Name == "true" {
			s.wrap(n.Value, fmt.Sprintf("biteNot_(%d, ", s.add("not", n.Pos(), n.End())), ")")
		}
	case *ast.BinaryExpr:
		return s.binary(n)
	case *ast.BasicLit:
		return !s.where(n)
	case *ast.GenDecl:
		return n.Tok != token.CONST
	}
	return true
}

// branch makes never, and always where the branch is the way on.
func (s *source) branch(n *ast.IfStmt) {
	before, after := fmt.Sprintf("!bite_(%d) && (", s.add("never", n.Cond.Pos(), n.Cond.End())), ")"
	if n.Else != nil || !refuses(n.Body) {
		before += fmt.Sprintf("bite_(%d) || (", s.add("always", n.Cond.Pos(), n.Cond.End()))
		after += ")"
	}
	s.wrap(n.Cond, before, after)
}

// refuses reports whether a branch leaves with an error or false, or skips an
// element: taking it always stops everything, which every test would notice.
func refuses(body *ast.BlockStmt) bool {
	if len(body.List) == 0 {
		return false
	}
	switch last := body.List[len(body.List)-1].(type) {
	case *ast.BranchStmt:
		return true
	case *ast.ReturnStmt:
		if len(last.Results) == 0 {
			return true
		}
		name, ok := last.Results[len(last.Results)-1].(*ast.Ident)
		return !ok || name.Name != "nil" && name.Name != "true"
	case *ast.ExprStmt:
		call, ok := last.X.(*ast.CallExpr)
		if ok {
			name, ok := call.Fun.(*ast.Ident)
			return ok && name.Name == "panic"
		}
	}
	return false
}

// cases takes out one case of a switch at a time. A switch over a value becomes
// one over conditions.
func (s *source) cases(n *ast.SwitchStmt) {
	clauses := slices.DeleteFunc(slices.Clone(n.Body.List), func(c ast.Stmt) bool { return c.(*ast.CaseClause).List == nil })
	if len(clauses) == 0 {
		return
	}
	if n.Tag != nil {
		if n.Init == nil {
			s.wrap(n.Tag, "biteTag_ := ", ";")
		} else {
			s.instead[s.offset(n.Pos())] = "{"
			s.wrap(n.Tag, "switch biteTag_ := ", ";")
			s.wrap(n, "", "}")
		}
	}
	for _, clause := range clauses {
		list := clause.(*ast.CaseClause).List
		id := s.add("case", list[0].Pos(), list[len(list)-1].End())
		for _, e := range list {
			if n.Tag != nil {
				s.wrap(e, fmt.Sprintf("!bite_(%d) && biteTag_ == (", id), ")")
			} else {
				s.wrap(e, fmt.Sprintf("!bite_(%d) && (", id), ")")
			}
		}
	}
}

// quiet are calls that no outcome depends on, or whose loss only stops the test.
var quiet = []string{"Lock", "Unlock", "RLock", "RUnlock", "Done", "Wait", "Close", "Stop", "Debug", "Info", "Warn", "Error", "LogAttrs", "panic", "Rollback", "Reset"}

// call takes out a statement that is only a call.
func (s *source) call(n *ast.ExprStmt) {
	call, ok := n.X.(*ast.CallExpr)
	if !ok {
		return
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	if name == "" || slices.Contains(quiet, name) {
		return
	}
	s.wrap(n, fmt.Sprintf("if !bite_(%d) { ", s.add("call", n.Pos(), n.End())), " }")
}

func isLogical(e ast.Expr) bool {
	b, ok := e.(*ast.BinaryExpr)
	return ok && (b.Op == token.LAND || b.Op == token.LOR)
}

// binary makes the mutants of a condition's operators.
func (s *source) binary(n *ast.BinaryExpr) bool {
	switch n.Op {
	case token.LAND, token.LOR:
		// De Morgan: with the mutant on, all three are negated and && reads as ||.
		swap := s.add("swap", n.Pos(), n.End())
		s.wrap(n, "((", fmt.Sprintf(") != bite_(%d))", swap))
		for _, operand := range []ast.Expr{n.X, n.Y} {
			gone := fmt.Sprintf("bite_(%d) || (", s.add("operand", operand.Pos(), operand.End()))
			if n.Op == token.LOR {
				gone = "!" + strings.Replace(gone, "||", "&&", 1)
			}
			s.wrap(operand, "(("+gone, fmt.Sprintf(")) != bite_(%d))", swap))
		}
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		if simple(n.X) && simple(n.Y) {
			// a < b becomes a <= b: it differs where the two are equal.
			x, y := s.original(n.X), s.original(n.Y)
			s.wrap(n, "((", fmt.Sprintf(") != (bite_(%d) && %s == %s))", s.add("bound", n.Pos(), n.End()), x, y))
		}
	case token.ADD:
		return !s.where(n)
	}
	return true
}

func (s *source) original(e ast.Expr) string {
	return string(s.text[s.offset(e.Pos()):s.offset(e.End())])
}

// simple reports whether an expression may be evaluated twice.
func simple(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident, *ast.BasicLit:
		return true
	case *ast.SelectorExpr:
		return simple(e.X)
	case *ast.ParenExpr:
		return simple(e.X)
	case *ast.BinaryExpr:
		return e.Op != token.LAND && e.Op != token.LOR && simple(e.X) && simple(e.Y)
	case *ast.IndexExpr:
		return simple(e.X) && simple(e.Index)
	case *ast.CallExpr:
		name, ok := e.Fun.(*ast.Ident)
		return ok && name.Name == "len" && len(e.Args) == 1 && simple(e.Args[0])
	}
	return false
}
