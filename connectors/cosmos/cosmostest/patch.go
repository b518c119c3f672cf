package cosmostest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const maxPatchOperations = 10

// patch is a partial document update: https://learn.microsoft.com/azure/cosmos-db/partial-document-update
type patch struct {
	condition *sqlQuery
	ops       []patchOp
}

type patchOp struct {
	op    string // add, set, replace, remove, incr, move
	path  []string
	from  []string // move
	value []byte   // compact JSON
}

// parsePatch reads the body of a patch, which must be valid JSON.
func (c *container) parsePatch(body []byte) (patch, *failure) {
	var p patch
	if len(body) == 0 || body[0] != '{' {
		return p, badRequest("The patch request body is not a JSON object.")
	}
	list := member(body, "operations")
	if len(list) == 0 || list[0] != '[' {
		return p, badRequest("The patch request has no operations.")
	}
	for raw := range elements(list) {
		op, bad := parsePatchOp(raw)
		if bad != nil {
			return p, bad
		}
		for _, path := range [][]string{op.path, op.from} {
			if bad := c.patchable(path); bad != nil {
				return p, bad
			}
		}
		p.ops = append(p.ops, op)
	}
	if n := len(p.ops); n == 0 || n > maxPatchOperations {
		return p, badRequest(fmt.Sprintf("The number of patch operations can't exceed '%d' or be 0, it is %d.", maxPatchOperations, n))
	}
	if cond, ok := stringValue(member(body, "condition")); ok && cond != "" {
		q, bad := parseSQL("SELECT * "+cond, nil)
		if bad != nil {
			return p, bad
		}
		p.condition = q
	}
	return p, nil
}

func parsePatchOp(raw []byte) (patchOp, *failure) {
	var op patchOp
	if raw[0] != '{' {
		return op, badRequest("A patch operation is a JSON object.")
	}
	op.op, _ = stringValue(member(raw, "op"))
	var bad *failure
	if op.path, bad = parsePointer(raw, "path"); bad != nil {
		return op, bad
	}
	v := member(raw, "value")
	switch op.op {
	case "remove":
		return op, nil
	case "move":
		if op.from, bad = parsePointer(raw, "from"); bad != nil {
			return op, bad
		}
		if len(op.path) >= len(op.from) && slices.Equal(op.path[:len(op.from)], op.from) {
			return op, badRequest("A patch cannot move a value into itself.")
		}
		return op, nil
	case "add", "set", "replace", "incr":
	default:
		return op, badRequest(fmt.Sprintf("The patch operation %q is not supported.", op.op))
	}
	if v == nil {
		return op, badRequest(fmt.Sprintf("The patch operation %s on /%s has no value.", op.op, strings.Join(op.path, "/")))
	}
	if op.op == "incr" && !isNumber(v) {
		return op, badRequest("The value of an incr patch operation is not a number.")
	}
	op.value = appendCompact(nil, v)
	return op, nil
}

// parsePointer reads a JSON pointer (RFC 6901).
func parsePointer(op []byte, name string) ([]string, *failure) {
	s, _ := stringValue(member(op, name))
	if len(s) < 2 || s[0] != '/' {
		return nil, badRequest(fmt.Sprintf("The %s %q of a patch operation is not valid.", name, s))
	}
	segs := strings.Split(s[1:], "/")
	for i := range segs {
		segs[i] = strings.ReplaceAll(strings.ReplaceAll(segs[i], "~1", "/"), "~0", "~")
	}
	return segs, nil
}

// patchable refuses the paths that identify a document, and what contains or is inside them.
func (c *container) patchable(path []string) *failure {
	if len(path) == 0 {
		return nil
	}
	if path[0] == "id" || isSystemProperty([]byte(`"`+path[0]+`"`)) {
		return badRequest("Cannot patch the property /" + path[0] + ".")
	}
	for _, pk := range c.pk.segments {
		n := min(len(pk), len(path))
		if slices.Equal(pk[:n], path[:n]) {
			return badRequest("Cannot patch the partition key property /" + strings.Join(path, "/") + ".")
		}
	}
	return nil
}

// applyPatch returns the body of v with the patch applied.
func (c *container) applyPatch(p patch, it *item, v *version) ([]byte, *failure) {
	if p.condition != nil {
		rows, bad := p.condition.eval([][]byte{c.appendDocument(nil, it, v, false)})
		if bad != nil {
			return nil, bad
		}
		if len(rows) == 0 {
			return nil, preconditionFailed()
		}
	}
	body := v.body
	for i := range p.ops {
		op := p.ops[i]
		if op.op == "move" {
			moved := at(body, op.from)
			if moved == nil {
				return nil, noPath(op.from)
			}
			value := slices.Clone(moved)
			var bad *failure
			if body, bad = edit(body, op.from, &patchOp{op: "remove", path: op.from}); bad != nil {
				return nil, bad
			}
			op = patchOp{op: "add", path: op.path, value: value}
		}
		var bad *failure
		if body, bad = edit(body, op.path, &op); bad != nil {
			return nil, bad
		}
	}
	if len(body) > maxDocument {
		return nil, tooLarge()
	}
	return body, nil
}

func noPath(path []string) *failure {
	return badRequest("The patch path /" + strings.Join(path, "/") + " does not exist in the document.")
}

// at returns the value at path, or nil.
func at(b []byte, path []string) []byte {
	for _, name := range path {
		s := child(b, name)
		if !s.found {
			return nil
		}
		b = b[s.val:s.end]
	}
	return b
}

// span is where a child of an object or array is, or would be appended.
type span struct {
	start    int // of the key, or of the element
	val, end int // of the value
	found    bool
	index    int // in an array: the position asked for
	len      int // number of children
}

// child finds the member or element name of the compact object or array b.
func child(b []byte, name string) span {
	s := span{index: -1}
	switch b[0] {
	case '{':
		i := 1
		for b[i] != '}' {
			k := i
			i = skipString(b, i)
			key := b[k:i]
			v := i + 1
			i = skipValue(b, v)
			if keyIs(key, name) {
				s.start, s.val, s.end, s.found = k, v, i, true
			}
			s.len++
			if b[i] == ',' {
				i++
			}
		}
	case '[':
		if n, err := strconv.Atoi(name); err == nil && n >= 0 {
			s.index = n
		}
		i := 1
		for b[i] != ']' {
			v := i
			i = skipValue(b, v)
			if s.len == s.index {
				s.start, s.val, s.end, s.found = v, v, i, true
			}
			s.len++
			if b[i] == ',' {
				i++
			}
		}
		if name == "-" {
			s.index = s.len
		}
	}
	return s
}

func splice(b []byte, start, end int, parts ...[]byte) []byte {
	out := make([]byte, 0, len(b)+64)
	out = append(out, b[:start]...)
	for _, p := range parts {
		out = append(out, p...)
	}
	return append(out, b[end:]...)
}

// edit applies op, whose remaining path is path, inside the compact value b.
func edit(b []byte, path []string, op *patchOp) ([]byte, *failure) {
	if b[0] != '{' && b[0] != '[' {
		return nil, noPath(op.path)
	}
	s := child(b, path[0])
	if len(path) > 1 {
		if !s.found {
			return nil, noPath(op.path)
		}
		inner, bad := edit(b[s.val:s.end], path[1:], op)
		if bad != nil {
			return nil, bad
		}
		return splice(b, s.val, s.end, inner), nil
	}

	value := op.value
	switch op.op {
	case "remove":
		if !s.found {
			return nil, noPath(op.path)
		}
		start, end := s.start, s.end
		if b[end] == ',' {
			end++
		} else if b[start-1] == ',' {
			start--
		}
		return splice(b, start, end), nil
	case "replace":
		if !s.found {
			return nil, noPath(op.path)
		}
	case "incr":
		if s.found {
			sum, ok := addNumbers(b[s.val:s.end], value)
			if !ok {
				return nil, badRequest("The patch path /" + strings.Join(op.path, "/") + " is not a number that can be incremented.")
			}
			value = sum
		}
	}
	if b[0] == '[' && op.op == "add" && s.found { // inserts before the element
		return splice(b, s.start, s.start, value, []byte{','}), nil
	}
	if s.found {
		return splice(b, s.val, s.end, value), nil
	}
	if b[0] == '[' && s.index != s.len {
		return nil, badRequest("The patch path /" + strings.Join(op.path, "/") + " is outside of the array.")
	}
	// append
	last := len(b) - 1
	var sep, key []byte
	if s.len > 0 {
		sep = []byte{','}
	}
	if b[0] == '{' {
		key = append(appendString(nil, path[0]), ':')
	}
	return splice(b, last, last, sep, key, value), nil
}

func isNumber(v []byte) bool { return v[0] == '-' || v[0] >= '0' && v[0] <= '9' }

// addNumbers adds two JSON numbers, as integers when both are and the sum fits.
func addNumbers(a, b []byte) ([]byte, bool) {
	if !isNumber(a) {
		return nil, false
	}
	x, errX := strconv.ParseInt(string(a), 10, 64)
	y, errY := strconv.ParseInt(string(b), 10, 64)
	if sum := x + y; errX == nil && errY == nil && (sum > x) == (y > 0) {
		return strconv.AppendInt(nil, sum, 10), true
	}
	f, errF := strconv.ParseFloat(string(a), 64)
	g, errG := strconv.ParseFloat(string(b), 64)
	if errF != nil || errG != nil {
		return nil, false
	}
	sum, err := json.Marshal(f + g) // fails when the sum is infinite
	return sum, err == nil
}
