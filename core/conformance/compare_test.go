package conformance

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// compare says how our answer differs from Java's, "" when it does not. Both are brought into one form first: see canon.
func compare(java json.RawMessage, ours any) string {
	want, err := tree(java)
	if err != nil {
		return err.Error()
	}
	b, err := json.Marshal(ours)
	if err != nil {
		return err.Error()
	}
	got, err := tree(b)
	if err != nil {
		return err.Error()
	}
	want, got = canon(want), canon(got)
	if w, ok := want.(map[string]any); ok {
		if g, ok := got.(map[string]any); ok {
			excuse(w, g)
		}
	}
	return cmp.Diff(want, got)
}

func tree(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// canon brings an answer into the form in which equal means the same: floats by their bits, maps without order, schemas
// with their defaults spelled out, no fields that only comment.
func canon(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = canon(v[i])
		}
	case map[string]any:
		if e, ok := v["error"].(map[string]any); ok {
			delete(e, "causes")
		}
		delete(v, "same") // whether Java returned the same object: ours changes records in place
		for k := range v {
			v[k] = canon(v[k])
		}
		if t, ok := v["t"].(string); ok {
			canonValue(t, v)
		}
		if t, ok := v["type"].(string); ok && schemaTypes[t] {
			canonSchema(v)
		}
	}
	return v
}

func canonValue(t string, v map[string]any) {
	delete(v, "s") // Java's text of a float
	switch t {
	case "float32", "float64":
		v["v"] = floatBits(t, v["v"])
	case "map":
		entries, _ := v["v"].([]any)
		sort.Slice(entries, func(i, j int) bool { return text(entries[i]) < text(entries[j]) })
	}
}

func text(v any) string {
	b, _ := json.Marshal(v) // it came from JSON
	return string(b)
}

// floatBits is the bits of a float that is given as a number, a name or its bits.
func floatBits(t string, v any) any {
	size := 64
	if t == "float32" {
		size = 32
	}
	s, isText := v.(string)
	if !isText {
		n, ok := v.(json.Number)
		if !ok {
			return v
		}
		s = n.String()
	}
	if hex, ok := strings.CutPrefix(s, "0x"); ok {
		bits, err := strconv.ParseUint(hex, 16, size)
		if err != nil {
			return v
		}
		return json.Number(strconv.FormatUint(bits, 10))
	}
	if s == "NaN" { // Java has one
		s = map[int]string{32: "2143289344", 64: "9221120237041090560"}[size]
		return json.Number(s)
	}
	f, err := strconv.ParseFloat(s, size)
	if err != nil {
		return v
	}
	if size == 32 {
		return json.Number(strconv.FormatUint(uint64(math.Float32bits(float32(f))), 10))
	}
	return json.Number(strconv.FormatUint(math.Float64bits(f), 10))
}

var schemaTypes = map[string]bool{"int8": true, "int16": true, "int32": true, "int64": true, "float32": true, "float64": true,
	"boolean": true, "string": true, "bytes": true, "array": true, "map": true, "struct": true}

func canonSchema(s map[string]any) {
	if s["optional"] == nil {
		s["optional"] = false
	}
	if s["type"] == "struct" && s["fields"] == nil {
		s["fields"] = []any{}
	}
	for k, v := range s {
		if m, ok := v.(map[string]any); v == nil || k == "parameters" && ok && len(m) == 0 {
			delete(s, k)
		}
	}
}

// excuse makes our errors equal to Java's where the texts may differ: the texts that the Java machine writes (not Kafka),
// the identity of an object, and the class that stands for a type which has several in Java.
func excuse(java, ours map[string]any) {
	jr, _ := java["ok"].(map[string]any)
	or, _ := ours["ok"].(map[string]any)
	j, _ := jr["results"].([]any)
	o, _ := or["results"].([]any)
	for i := range min(len(j), len(o)) {
		a, ok := j[i].(map[string]any)
		b, ok2 := o[i].(map[string]any)
		if ok && ok2 {
			excuse(a, b)
		}
	}
	je, ok := java["error"].(map[string]any)
	oe, ok2 := ours["error"].(map[string]any)
	if !ok || !ok2 || je["class"] != oe["class"] {
		return
	}
	want, _ := je["message"].(string)
	got, _ := oe["message"].(string)
	switch {
	case je["class"] == "java.lang.NullPointerException", je["class"] == "java.lang.ClassCastException":
		oe["message"] = je["message"]
	case matchesMessage(want, got):
		oe["message"] = je["message"]
	}
}

var identity = regexp.MustCompile(`[\w.$\[]+@HASH`)

// matchesMessage compares messages: what a Java object's identity prints is anything, and a class that is one of several
// for a type is any of them.
func matchesMessage(want, got string) bool {
	want, got = classes.Replace(want), classes.Replace(got)
	parts := identity.Split(want, -1)
	if len(parts) == 1 {
		return want == got
	}
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, `.+`) + `$`).MatchString(got)
}

// classes names one class for those that Java's collections helpers return: here they are what they stand for.
var classes = strings.NewReplacer(
	"java.util.Collections$SingletonMap", "java.util.HashMap",
	"java.util.Collections$EmptyMap", "java.util.HashMap",
	"java.util.Collections$EmptyList", "java.util.ArrayList",
	"java.util.Arrays$ArrayList", "java.util.ArrayList",
)
