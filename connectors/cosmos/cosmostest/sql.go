package cosmostest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strings"

	"github.com/pikami/cosmium/parsers"
	"github.com/pikami/cosmium/parsers/nosql"
	memoryexecutor "github.com/pikami/cosmium/query_executors/memory_executor"
)

// sqlQuery is a parsed query.
type sqlQuery struct {
	stmt     parsers.SelectStmt
	identity bool // the result rows are the documents themselves: SELECT *, SELECT VALUE c
	plain    bool // every document is in the result, once
	merging  bool // the result is not the concatenation of the results per document

	arrays [][]string // paths in the document that FROM and JOIN iterate over
}

const (
	maxQueryText = 512 << 10
	// The parser backtracks: deep nesting takes exponential time, or linear time and much memory with a memo. A query
	// of ReadManyItems with 1000 items takes 1.4 million expressions.
	maxParse     = 5_000_000
	maxParseMemo = 10_000_000
)

// parseQueryBody reads {"query": text, "parameters": [{"name": "@x", "value": any}]}.
func parseQueryBody(body []byte) (*sqlQuery, *failure) {
	var b struct {
		Query      string `json:"query"`
		Parameters []struct {
			Name  string `json:"name"`
			Value any    `json:"value"`
		} `json:"parameters"`
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return nil, badRequest("The query request body is not valid: " + err.Error())
	}
	params := make(map[string]any, len(b.Parameters))
	for _, p := range b.Parameters {
		params[p.Name] = p.Value
	}
	return parseSQL(b.Query, params)
}

// parseSQL parses a query. The parser stops where its grammar ends and would run the first half of a query it does
// not know; as a subquery of a query that we know, the text has to be complete.
func parseSQL(text string, params map[string]any) (q *sqlQuery, bad *failure) {
	if len(text) > maxQueryText {
		return nil, badRequest(fmt.Sprintf("The query is longer than %d bytes.", maxQueryText))
	}
	unsupported := badRequest("Syntax error, or a query that this server does not support: " + text)
	defer func() {
		if recover() != nil {
			q, bad = nil, unsupported
		}
	}()
	if params == nil {
		params = make(map[string]any)
	}
	plain, err := rewriteSQL(text, params)
	if err != nil {
		return nil, badRequest("Syntax error: " + err.Error() + ": " + text)
	}
	const alias = "cosmostest_query"
	wrapped := []byte("SELECT * FROM (" + plain + ") " + alias)
	var stats nosql.Stats
	tree, err := nosql.Parse("", wrapped, nosql.MaxExpressions(maxParse), nosql.Statistics(&stats, "no match"))
	if err != nil && stats.ExprCnt >= maxParse {
		tree, err = nosql.Parse("", wrapped, nosql.MaxExpressions(maxParseMemo), nosql.Memoize(true))
	}
	if err != nil {
		return nil, unsupported
	}
	table := tree.(parsers.SelectStmt).Table
	stmt, ok := table.SelectItem.Value.(parsers.SelectStmt)
	if !ok || table.Value != alias || stmt.Exists {
		return nil, unsupported
	}
	n := normalizer{params: params}
	n.statement(&stmt)
	stmt.Parameters = params
	q = &sqlQuery{stmt: stmt}
	q.classify()
	return q, nil
}

func (q *sqlQuery) classify() {
	s := &q.stmt
	root := s.Table.SelectItem.Alias
	if root == "" && len(s.Table.SelectItem.Path) == 1 {
		root = s.Table.SelectItem.Path[0]
	}
	whole := len(s.Table.SelectItem.Path) == 1 && !s.Table.IsInSelect &&
		s.Table.SelectItem.Type == parsers.SelectItemTypeField && s.Table.SelectItem.SelectItems == nil
	if len(s.SelectItems) == 1 && whole {
		it := &s.SelectItems[0]
		if it.IsTopLevel && it.Type == parsers.SelectItemTypeField && len(it.Path) == 1 {
			if it.Path[0] == "c" && len(s.JoinItems) == 0 {
				it.Path = []string{root} // the parser's reading of *, whatever the alias is
			}
			q.identity = it.Path[0] == root
		}
	}
	for _, j := range s.JoinItems {
		q.iterates(root, j.SelectItem)
	}
	if s.Table.IsInSelect && len(s.Table.SelectItem.Path) > 0 {
		s.Table.SelectItem.Path[0] = "$root" // the executor's name of the document: FROM t IN c.tags binds no c
		q.iterates("$root", s.Table.SelectItem)
	}
	aggregates := hasAggregate(s.SelectItems)
	q.merging = s.Distinct || s.Count > 0 || s.Offset > 0 || len(s.OrderExpressions) > 0 || len(s.GroupBy) > 0 || aggregates
	q.plain = q.identity && !q.merging && s.Filters == nil && len(s.JoinItems) == 0
}

func (q *sqlQuery) iterates(root string, it parsers.SelectItem) {
	if it.Type == parsers.SelectItemTypeField && len(it.Path) > 0 && it.Path[0] == root {
		q.arrays = append(q.arrays, it.Path[1:])
	}
}

// yields reports whether the document has all arrays that the query iterates over. Without one it yields no row; the
// executor would log an error for it.
func (q *sqlQuery) yields(doc map[string]any) bool {
	for _, path := range q.arrays {
		var v any = doc
		for _, name := range path {
			if name[0] == '@' {
				name, _ = q.stmt.Parameters[name].(string)
			}
			m, _ := v.(map[string]any)
			v = m[name]
		}
		if _, ok := v.([]any); !ok {
			return false
		}
	}
	return true
}

func hasAggregate(items []parsers.SelectItem) bool {
	for _, it := range items {
		if f, ok := it.Value.(parsers.FunctionCall); ok {
			for _, a := range parsers.AggregateFunctions {
				if f.Type == a {
					return true
				}
			}
		}
		if hasAggregate(it.SelectItems) {
			return true
		}
	}
	return false
}

// eval runs the query over complete JSON documents. The rows of an identity query are the documents' own bytes.
func (q *sqlQuery) eval(docs [][]byte) (rows [][]byte, bad *failure) {
	defer func() {
		if recover() != nil {
			rows, bad = nil, badRequest("The query failed on a value of a type that it does not expect.")
		}
	}()
	if q.plain {
		return docs, nil
	}
	in := make([]memoryexecutor.RowType, 0, len(docs))
	var index map[uintptr]int
	if q.identity {
		index = make(map[uintptr]int, len(docs))
	}
	for i, d := range docs {
		var m map[string]any
		if err := json.Unmarshal(d, &m); err != nil {
			return nil, badRequest("A document has a number that queries cannot read: " + err.Error())
		}
		if !q.yields(m) {
			continue
		}
		in = append(in, m)
		if q.identity {
			index[reflect.ValueOf(m).Pointer()] = i
		}
	}
	out := memoryexecutor.ExecuteQuery(q.stmt, in)
	if len(out) == 0 {
		out = q.emptyCount()
	}
	rows = make([][]byte, 0, len(out))
	for _, r := range out {
		if m, ok := r.(map[string]any); ok && q.identity {
			rows = append(rows, docs[index[reflect.ValueOf(m).Pointer()]])
			continue
		}
		b, err := json.Marshal(r)
		if err != nil {
			return nil, badRequest("The query result is not JSON: " + err.Error())
		}
		rows = append(rows, b)
	}
	return rows, nil
}

// emptyCount is the row that COUNT gives over no documents; the executor gives none.
func (q *sqlQuery) emptyCount() []memoryexecutor.RowType {
	if len(q.stmt.GroupBy) > 0 || len(q.stmt.SelectItems) != 1 {
		return nil
	}
	it := q.stmt.SelectItems[0]
	if f, ok := it.Value.(parsers.FunctionCall); !ok || f.Type != parsers.FunctionCallAggregateCount {
		return nil
	}
	if it.IsTopLevel {
		return []memoryexecutor.RowType{0}
	}
	name := it.Alias
	if name == "" {
		name = "$1"
	}
	return []memoryexecutor.RowType{map[string]any{name: 0}}
}

// filter runs the query over rows that are no documents, such as databases.
func (q *sqlQuery) filter(rows [][]byte) ([][]byte, *failure) {
	if q == nil {
		return rows, nil
	}
	return q.eval(rows)
}

// normalizer rewrites the tree so that the executor compares as Cosmos DB does: it reads 5 as an int and 5.0 from a
// document as a float64, which it takes for different types, and calls different types greater and unequal. All
// numbers become float64, and the ordering operators require that both sides are defined and comparable.
type normalizer struct{ params map[string]any }

func (n *normalizer) statement(s *parsers.SelectStmt) {
	s.Parameters = n.params
	s.Filters = n.condition(s.Filters)
	n.items(s.SelectItems)
	n.item(&s.Table.SelectItem)
	for i := range s.JoinItems {
		n.item(&s.JoinItems[i].SelectItem)
	}
}

func (n *normalizer) items(items []parsers.SelectItem) {
	for i := range items {
		n.item(&items[i])
	}
}

func (n *normalizer) item(it *parsers.SelectItem) {
	switch v := it.Value.(type) {
	case parsers.SelectStmt:
		n.statement(&v)
		it.Value = v
	case parsers.FunctionCall:
		// The executor fails on the missing third argument that the parser passes as nil.
		if n := len(v.Arguments); v.Type == parsers.FunctionCallArrayContains && v.Arguments[n-1] == nil {
			v.Arguments = v.Arguments[:n-1]
		}
		for i, a := range v.Arguments {
			arg, ok := a.(parsers.SelectItem)
			if !ok {
				continue
			}
			n.item(&arg)
			if !takesInts(v.Type) {
				n.float(&arg)
			} else {
				n.int(&arg)
			}
			v.Arguments[i] = arg
		}
		it.Value = v
	}
	n.items(it.SelectItems)
}

func (n *normalizer) condition(c any) any {
	switch e := c.(type) {
	case parsers.LogicalExpression:
		for i := range e.Expressions {
			e.Expressions[i] = n.condition(e.Expressions[i])
		}
		return e
	case parsers.SelectItem:
		n.item(&e)
		return guarded(e, e)
	case parsers.ComparisonExpression:
		return n.comparison(e)
	}
	return c
}

func (n *normalizer) comparison(e parsers.ComparisonExpression) any {
	l, okL := e.Left.(parsers.SelectItem)
	r, okR := e.Right.(parsers.SelectItem)
	if !okL || !okR {
		return e
	}
	n.item(&l)
	n.item(&r)
	if !returnsInt(l) && !returnsInt(r) {
		n.float(&l)
		n.float(&r)
	}
	// The executor calls values of different types "greater", so only < and <= are safe on them.
	switch e.Operation {
	case ">":
		l, r, e.Operation = r, l, "<"
	case ">=":
		l, r, e.Operation = r, l, "<="
	}
	e.Left, e.Right = l, r
	if e.Operation == "=" {
		return guarded(e, l, r)
	}
	var defined []any
	for _, side := range []parsers.SelectItem{l, r} {
		if side.Type != parsers.SelectItemTypeConstant {
			defined = append(defined, call(parsers.FunctionCallIsDefined, side))
		}
	}
	return guarded(and(append(defined, e)), l, r)
}

func and(exprs []any) any {
	return parsers.LogicalExpression{Operation: parsers.LogicalExpressionTypeAnd, Expressions: exprs}
}

func call(f parsers.FunctionCallType, arg parsers.SelectItem) parsers.SelectItem {
	return parsers.SelectItem{
		Type: parsers.SelectItemTypeFunctionCall, Value: parsers.FunctionCall{Type: f, Arguments: []any{arg}},
	}
}

// guarded makes cond false where a function in it has an argument of a type it does not take: its result is
// undefined in Cosmos DB, while the executor logs an error for each such document.
func guarded(cond any, items ...parsers.SelectItem) any {
	var guards []any
	for _, it := range items {
		guards = appendGuards(guards, it)
	}
	if guards == nil {
		return cond
	}
	return and(append(guards, cond))
}

func appendGuards(guards []any, it parsers.SelectItem) []any {
	if sub, ok := it.Value.(parsers.SelectStmt); ok && sub.Exists && !it.Invert && sub.Table.IsInSelect {
		return append(guards, call(parsers.FunctionCallIsArray, sub.Table.SelectItem))
	}
	f, ok := it.Value.(parsers.FunctionCall)
	if !ok {
		return guards
	}
	is, n := parsers.FunctionCallIsString, 0
	switch f.Type {
	case parsers.FunctionCallContains, parsers.FunctionCallStartsWith, parsers.FunctionCallEndsWith,
		parsers.FunctionCallStringEquals, parsers.FunctionCallIndexOf:
		n = 2
	case parsers.FunctionCallUpper, parsers.FunctionCallLower, parsers.FunctionCallLeft, parsers.FunctionCallRight,
		parsers.FunctionCallLength, parsers.FunctionCallSubstring, parsers.FunctionCallTrim, parsers.FunctionCallLTrim,
		parsers.FunctionCallRTrim, parsers.FunctionCallReverse, parsers.FunctionCallReplace, parsers.FunctionCallReplicate:
		n = 1
	case parsers.FunctionCallArrayContains, parsers.FunctionCallArrayContainsAny, parsers.FunctionCallArrayContainsAll,
		parsers.FunctionCallArrayLength, parsers.FunctionCallArraySlice:
		is, n = parsers.FunctionCallIsArray, 1
	}
	for i, a := range f.Arguments {
		arg, ok := a.(parsers.SelectItem)
		if !ok {
			continue
		}
		guards = appendGuards(guards, arg)
		if i < n {
			guards = append(guards, call(is, arg))
		}
	}
	return guards
}

// number returns the number that a constant or parameter stands for.
func (n *normalizer) number(it *parsers.SelectItem) (float64, bool) {
	c, ok := it.Value.(parsers.Constant)
	if !ok || it.Type != parsers.SelectItemTypeConstant {
		return 0, false
	}
	v := c.Value
	if c.Type == parsers.ConstantTypeParameterConstant {
		name, _ := v.(string)
		v = n.params[name]
	}
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func (n *normalizer) float(it *parsers.SelectItem) {
	if f, ok := n.number(it); ok {
		it.Value = parsers.Constant{Type: parsers.ConstantTypeFloat, Value: f}
	}
}

func (n *normalizer) int(it *parsers.SelectItem) {
	if f, ok := n.number(it); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		it.Value = parsers.Constant{Type: parsers.ConstantTypeInteger, Value: int(f)}
	}
}

// takesInts reports whether the executor wants int arguments.
func takesInts(f parsers.FunctionCallType) bool {
	switch f {
	case parsers.FunctionCallLeft, parsers.FunctionCallRight, parsers.FunctionCallSubstring,
		parsers.FunctionCallReplicate, parsers.FunctionCallIndexOf, parsers.FunctionCallArraySlice:
		return true
	}
	return strings.HasPrefix(string(f), "MathInt")
}

// returnsInt reports whether the executor gives an int for the expression.
func returnsInt(it parsers.SelectItem) bool {
	f, ok := it.Value.(parsers.FunctionCall)
	if !ok {
		return false
	}
	switch f.Type {
	case parsers.FunctionCallLength, parsers.FunctionCallIndexOf, parsers.FunctionCallArrayLength,
		parsers.FunctionCallAggregateCount:
		return true
	}
	return strings.HasPrefix(string(f.Type), "MathInt")
}

// notServable is the gateway's answer to a query that it cannot merge.
func notServable() *failure {
	e := newFailure(http.StatusBadRequest, "The provided cross partition query can not be directly served by the gateway. "+
		"This is a first chance (internal) exception that all newer clients will know how to handle gracefully.")
	e.substatus = subCrossPartitionNotServable
	return e
}
