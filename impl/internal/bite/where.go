package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// where makes the mutants of an SQL statement: each predicate of its conditions
// is replaced by one that always holds, or never where it is an alternative, and
// keeps its parameters. It reports whether the expression has any.
func (s *source) where(e ast.Expr) bool {
	text, operands, ok := s.statement(e, "", nil)
	if !ok {
		return false
	}
	var mutants strings.Builder
	for _, p := range predicates(text) {
		changed := text[:p.from] + "(" + text[p.from:p.to] + p.constant + ")" + text[p.to:]
		id := s.addText("where", e.Pos(), shown(text[p.from:p.to], operands)+" OF "+shown(text, operands))
		fmt.Fprintf(&mutants, ", %d, %s", id, expression(changed, operands))
	}
	if mutants.Len() == 0 {
		return false
	}
	s.wrap(e, "biteSQL_(", mutants.String()+")")
	return true
}

// hole stands for an operand that is not a literal.
const hole = "\x00"

// statement reads a literal, or literals joined by +, with a hole for each other
// operand.
func (s *source) statement(e ast.Expr, text string, operands []string) (string, []string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", nil, false
		}
		value, err := strconv.Unquote(e.Value)
		return text + value, operands, err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			break
		}
		text, operands, ok := s.statement(e.X, text, operands)
		if !ok {
			return "", nil, false
		}
		return s.statement(e.Y, text, operands)
	}
	return text + hole, append(operands, s.original(e)), true
}

// expression is the Go expression of a statement with holes.
func expression(text string, operands []string) string {
	parts := strings.Split(text, hole)
	out := strconv.Quote(parts[0])
	for i, part := range parts[1:] {
		out += " + " + operands[i] + " + " + strconv.Quote(part)
	}
	return out
}

// shown is the text of a statement for people. The operands of a part of one are
// not known, and not needed.
func shown(text string, operands []string) string {
	text = strings.Join(strings.Fields(text), " ")
	if strings.Count(text, hole) != len(operands) {
		return strings.ReplaceAll(text, hole, "…")
	}
	for _, o := range operands {
		text = strings.Replace(text, hole, "…"+o+"…", 1)
	}
	return text
}

// A predicate is a part of a statement's text, and what makes it constant.
type predicate struct {
	from, to int
	constant string
}

var (
	begins   = regexp.MustCompile(`\b(?:WHERE|AND|OR|ON) `)
	ends     = regexp.MustCompile(`^(?:AND|OR|WHERE|ON|ORDER|LIMIT|FOR|RETURNING|GROUP|UNION|LEFT|SET)\b`)
	compares = regexp.MustCompile(`[=<>]|\b(?:IS|IN|EXISTS|LIKE)\b`)
	opens    = regexp.MustCompile(`^(?:NOT )?\(`)
	conflict = regexp.MustCompile(`^(?:CONFLICT|DUPLICATE)\b`)
)

// predicates finds what stands behind WHERE, AND, OR and ON, and behind an
// opening parenthesis there.
func predicates(text string) []predicate {
	var all []predicate
	for _, at := range begins.FindAllStringIndex(text, -1) {
		keyword, from := strings.TrimSpace(text[at[0]:at[1]]), at[1]
		if conflict.MatchString(text[from:]) {
			continue
		}
		for {
			to, next := endOf(text, from)
			body := strings.TrimRight(text[from:to], " \n\t")
			if to = from + len(body); compares.MatchString(strings.TrimSuffix(body, "=")) && strings.Count(body, "(") == strings.Count(body, ")") {
				constant := " OR 1=1"
				if keyword == "OR" || next == "OR" {
					constant = " AND 1=0"
				}
				all = append(all, predicate{from, to, constant})
			}
			inner := opens.FindString(text[from:])
			if inner == "" || strings.HasPrefix(text[from+len(inner):], "SELECT") {
				break
			}
			keyword, from = "(", from+len(inner)
		}
	}
	return all
}

// endOf returns where the predicate at from ends, and the keyword that ends it.
func endOf(text string, from int) (to int, keyword string) {
	depth := 0
	for i := from; i < len(text); i++ {
		switch c := text[i]; {
		case c == '(':
			depth++
		case c == ')' && depth == 0, c == '{' && depth == 0:
			return i, ""
		case c == ')':
			depth--
		case depth == 0 && (i == from || strings.ContainsRune(" \n\t", rune(text[i-1]))):
			if keyword := ends.FindString(text[i:]); keyword != "" {
				return i, keyword
			}
		}
	}
	return len(text), ""
}
