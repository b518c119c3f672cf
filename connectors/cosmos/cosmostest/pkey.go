package cosmostest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spaolacci/murmur3"
)

// Partition keys are kept in the form that the service hashes: per component one type byte, then eight little-endian
// bytes of a number, or the UTF-8 of a string and 0xFF. The form is prefix-free per component, so equal bytes mean
// equal keys and a shorter hierarchical key is a byte prefix of the longer ones.
const (
	keyUndefined = 0x00
	keyNull      = 0x01
	keyFalse     = 0x02
	keyTrue      = 0x03
	keyNumber    = 0x05
	keyString    = 0x08
	keyStringEnd = 0xFF
)

const (
	maxKeyBytes   = 2048 // a component of a version 2 key
	maxKeyBytesV1 = 101
)

// keyDef is a container's partition key definition.
type keyDef struct {
	Paths   []string `json:"paths"`
	Kind    string   `json:"kind"`
	Version int      `json:"version"`

	segments [][]string
}

const (
	kindHash      = "Hash"
	kindMultiHash = "MultiHash"
)

// parseKeyDef reads the partitionKey property of a container. A definition without a version gets version 2, and
// says so when it is read back.
func parseKeyDef(raw []byte) (keyDef, error) {
	var d keyDef
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("the partition key definition is invalid: %w", err)
	}
	if d.Kind == "" {
		d.Kind = kindHash
		if len(d.Paths) > 1 {
			d.Kind = kindMultiHash
		}
	}
	if d.Version == 0 {
		d.Version = 2
	}
	switch {
	case d.Kind != kindHash && d.Kind != kindMultiHash:
		return d, fmt.Errorf("the partition key kind %q is not Hash or MultiHash", d.Kind)
	case len(d.Paths) == 0:
		return d, fmt.Errorf("the partition key definition has no paths")
	case d.Kind == kindHash && len(d.Paths) > 1:
		return d, fmt.Errorf("too many partition key paths for kind Hash: %d", len(d.Paths))
	case len(d.Paths) > 3:
		return d, fmt.Errorf("too many partition key paths: %d, at most 3", len(d.Paths))
	case d.Version != 1 && d.Version != 2, d.Kind == kindMultiHash && d.Version != 2:
		return d, fmt.Errorf("the partition key version %d is not supported for kind %s", d.Version, d.Kind)
	}
	for _, p := range d.Paths {
		if len(p) < 2 || p[0] != '/' {
			return d, fmt.Errorf("the partition key path %q does not start with a slash and a name", p)
		}
		segs := strings.Split(p[1:], "/")
		for i, s := range segs {
			if s = strings.Trim(s, `"`); s == "" {
				return d, fmt.Errorf("the partition key path %q has an empty segment", p)
			}
			segs[i] = s
		}
		d.segments = append(d.segments, segs)
	}
	return d, nil
}

// appendComponent appends the hash form of the JSON value v; nil is the undefined value.
func (d *keyDef) appendComponent(dst, v []byte) ([]byte, *failure) {
	if v == nil {
		return append(dst, keyUndefined), nil
	}
	switch v[0] {
	case '"':
		s := unquote(v)
		if limit := d.maxBytes(); len(s) > limit {
			return dst, badRequest(fmt.Sprintf("Partition key value is %d bytes long, the limit is %d.", len(s), limit))
		}
		return append(append(append(dst, keyString), s...), keyStringEnd), nil
	case 'n':
		return append(dst, keyNull), nil
	case 't':
		return append(dst, keyTrue), nil
	case 'f':
		return append(dst, keyFalse), nil
	case '{', '[':
		return dst, wrongKey("PartitionKey value must be a string, a number, a boolean or null.")
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return dst, wrongKey("PartitionKey value is a number out of range.")
	}
	return binary.LittleEndian.AppendUint64(append(dst, keyNumber), math.Float64bits(f)), nil
}

func (d *keyDef) maxBytes() int {
	if d.Version == 1 {
		return maxKeyBytesV1
	}
	return maxKeyBytes
}

// parseHeader reads the value of x-ms-documentdb-partitionkey: a JSON array with a component per path, where {} is
// the undefined value. prefix allows fewer components than a hierarchical definition has.
func (d *keyDef) parseHeader(h string, prefix bool) (string, *failure) {
	raw := []byte(h)
	if !validJSON(raw) || kind(raw) != '[' {
		return "", badRequest("The partition key in the x-ms-documentdb-partitionkey header is not a JSON array: " + h)
	}
	var key []byte
	n := 0
	for v := range elements(raw) {
		n++
		if v[0] == '{' && len(appendCompact(nil, v)) == 2 {
			v = nil
		}
		var fail *failure
		if key, fail = d.appendComponent(key, v); fail != nil {
			return "", fail
		}
	}
	switch {
	case n == 0: // the undefined key as some clients write it
		for range d.Paths {
			key = append(key, keyUndefined)
		}
	case n > len(d.Paths):
		return "", wrongKey("The partition key supplied in x-ms-partitionkey header has more components than defined in the the collection.")
	case n < len(d.Paths) && !(prefix && d.Kind == kindMultiHash):
		return "", wrongKey("The partition key supplied in x-ms-partitionkey header has fewer components than defined in the the collection.")
	}
	return string(key), nil
}

// extract reads the partition key of the document doc.
func (d *keyDef) extract(dst, doc []byte) ([]byte, *failure) {
	for _, segs := range d.segments {
		v := doc
		for _, name := range segs {
			if v == nil || v[0] != '{' {
				v = nil
				break
			}
			v = member(v, name)
		}
		var fail *failure
		if dst, fail = d.appendComponent(dst, v); fail != nil {
			return dst, fail
		}
	}
	return dst, nil
}

// components splits a key into its components.
func components(key string) []string {
	var out []string
	for len(key) > 0 {
		n := 1
		switch key[0] {
		case keyNumber:
			n = 9
		case keyString:
			n = strings.IndexByte(key, keyStringEnd) + 1
		}
		out = append(out, key[:n])
		key = key[n:]
	}
	return out
}

// epk is the effective partition key: the point of the key on the line from "" to "FF" that the physical partitions
// share. Version 2 keys take the 128-bit MurmurHash3 of the whole key (Hash) or of each component (MultiHash),
// bytes reversed, the two top bits cleared, in upper-case hex. Version 1 keys are placed by their 32-bit hash alone,
// as azcosmos computes it for ReadManyItems.
func (d *keyDef) epk(key string) string {
	if d.Version == 1 {
		var out strings.Builder
		for _, c := range components(key) {
			b := []byte(c)
			if b[0] == keyString {
				b[len(b)-1] = 0
			}
			h := murmur3.New32() // Sum32 computes a pointer that the race detector's checks refuse
			_, _ = h.Write(b)    // never fails
			fmt.Fprintf(&out, "%032X", h.Sum32())
		}
		return out.String()
	}
	if d.Kind == kindHash {
		return string(appendHash(nil, key))
	}
	var out []byte
	for _, c := range components(key) {
		out = appendHash(out, c)
	}
	return string(out)
}

func appendHash(dst []byte, s string) []byte {
	low, high := murmur3.Sum128([]byte(s))
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], high)
	binary.BigEndian.PutUint64(b[8:], low)
	b[0] &= 0x3F
	start := len(dst)
	dst = hex.AppendEncode(dst, b[:])
	copy(dst[start:], bytes.ToUpper(dst[start:]))
	return dst
}

// keyJSON writes a key the way the header carries it.
func keyJSON(key string) string {
	out := []byte{'['}
	for i, c := range components(key) {
		if i > 0 {
			out = append(out, ',')
		}
		switch c[0] {
		case keyUndefined:
			out = append(out, "{}"...)
		case keyNull:
			out = append(out, "null"...)
		case keyFalse:
			out = append(out, "false"...)
		case keyTrue:
			out = append(out, "true"...)
		case keyNumber:
			f := math.Float64frombits(binary.LittleEndian.Uint64([]byte(c[1:])))
			out = strconv.AppendFloat(out, f, 'g', -1, 64)
		case keyString:
			out = appendString(out, c[1:len(c)-1])
		}
	}
	return string(append(out, ']'))
}
