//go:build !race

package cosmossink

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/convert/codec"
	"github.com/connectless/connectless/core/data"
)

// A million random records, valid and nearly valid, give the documents that encoding/json gives, where both take them; and
// what encoding/json takes is taken.
func TestAMillionRecords(t *testing.T) {
	const records, chunk = 1_000_000, 1000
	var next, taken, refused, apart atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			c, _, err := codec.New(convert.JSONConverter, map[string]string{"schemas.enable": "false"}, false)
			if err != nil {
				t.Error(err)
				return
			}
			a := data.NewArena()
			var out []byte
			for {
				seed := next.Add(1) - 1
				if seed >= records/chunk || t.Failed() {
					return
				}
				g := &jsonText{r: rand.New(rand.NewPCG(uint64(seed), 7))}
				for range chunk {
					in := g.record()
					a.Reset()
					_, v, err := c.ToConnect(a, "orders", bytes.Clone(in))
					want, ok := standard(in)
					switch {
					case err != nil && !ok:
						refused.Add(1)
					case err != nil && hugeExponent.Match(in):
						refused.Add(1) // by Jackson too
					case err != nil:
						t.Errorf("seed %d: %q is refused: %v", seed, in, err)
					case !ok: // Jackson stops at the end of the first value, takes leading zeros, and repairs bytes that are no UTF-8
						apart.Add(1)
					case !isDocument(&v):
						taken.Add(1)
						if _, object := want.(map[string]any); object {
							t.Errorf("seed %d: %q is no document", seed, in)
						}
					default:
						taken.Add(1)
						id := g.text()
						out = appendDocument(out[:0], &v, []byte(id))
						doc := want.(map[string]any)
						doc["id"] = id
						if got, ok := standard(out); !ok || !same(got, want) {
							t.Errorf("seed %d: %q became %q", seed, in, out)
						}
					}
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d taken by both, %d refused by both, %d taken by Kafka Connect only", taken.Load(), refused.Load(), apart.Load())
	if n := taken.Load() + refused.Load() + apart.Load(); n != records && !t.Failed() {
		t.Errorf("%d records were looked at", n)
	}
}

var hugeExponent = regexp.MustCompile(`[eE][-+]?[0-9]{5}`)

// standard reads JSON text as encoding/json does. Text that is no UTF-8 counts as none: encoding/json would change it.
func standard(in []byte) (any, bool) {
	if !utf8.Valid(in) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(in))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() || bytes.ContainsAny(in[d.InputOffset():], "]}") {
		return nil, false
	}
	return v, true
}

func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	return a == b
}

// jsonText makes up records.
type jsonText struct {
	r *rand.Rand
	b []byte
}

// record is a JSON object, mostly, to which something has happened, every other time.
func (g *jsonText) record() []byte {
	g.b = g.b[:0]
	if g.r.IntN(20) == 0 {
		g.value(0)
	} else {
		g.object(0)
	}
	if g.r.IntN(2) == 0 {
		return g.b
	}
	for range 1 + g.r.IntN(3) {
		if len(g.b) == 0 {
			break
		}
		i := g.r.IntN(len(g.b))
		switch g.r.IntN(6) {
		case 0:
			g.b[i] = byte(g.r.Uint32())
		case 1:
			g.b = append(g.b[:i], g.b[i+1:]...)
		case 2:
			g.b = append(g.b[:i], append([]byte{g.oneOf(`{`, `}`, `[`, `]`, `,`, `:`, `"`, `\`, `0`, `-`, `.`, `e`, ` `, "\x00", "\xff")[0]}, g.b[i:]...)...)
		case 3:
			g.b = g.b[:i]
		case 4: // a part of it again
			j := i + g.r.IntN(min(len(g.b)-i, 20)+1)
			g.b = append(g.b[:j], append(bytes.Clone(g.b[i:j]), g.b[j:]...)...)
		case 5:
			j := g.r.IntN(len(g.b))
			g.b[i], g.b[j] = g.b[j], g.b[i]
		}
	}
	return g.b
}

func (g *jsonText) oneOf(of ...string) string { return of[g.r.IntN(len(of))] }

func (g *jsonText) space() {
	if g.r.IntN(8) == 0 {
		g.b = append(g.b, g.oneOf(" ", "\n", "\t", "\r\n", "  ")...)
	}
}

func (g *jsonText) value(depth int) {
	g.space()
	n := g.r.IntN(10)
	if depth > 4 {
		n = n%6 + 4
	}
	switch n {
	case 0, 1:
		g.object(depth + 1)
	case 2, 3:
		g.b = append(g.b, '[')
		for i := range g.r.IntN(4) {
			if i > 0 {
				g.b = append(g.b, ',')
			}
			g.value(depth + 1)
		}
		g.space()
		g.b = append(g.b, ']')
	case 4:
		g.b = append(g.b, g.oneOf("true", "false", "null")...)
	case 5, 6, 7:
		g.string()
	default:
		g.number()
	}
	g.space()
}

func (g *jsonText) object(depth int) {
	g.b = append(g.b, '{')
	for i := range g.r.IntN(6) {
		if i > 0 {
			g.b = append(g.b, ',')
		}
		g.space()
		switch g.r.IntN(3) {
		case 0: // names that come again
			g.b = append(g.b, g.oneOf(`"id"`, `"a"`, `"b"`, `"\u0061"`, `"_ts"`, `""`)...)
		default:
			g.string()
		}
		g.space()
		g.b = append(g.b, ':')
		g.value(depth)
	}
	g.space()
	g.b = append(g.b, '}')
}

func (g *jsonText) number() {
	switch g.r.IntN(6) {
	case 0:
		g.b = append(g.b, g.oneOf("0", "-0", "0.0", "-0.0", "1.50", "9223372036854775808", "1e5", "1E+2", "-2.5e-3", "18446744073709551616", "0.1e1")...)
	case 1:
		g.b = fmt.Appendf(g.b, "%d", int64(g.r.Uint64()))
	case 2:
		g.b = fmt.Appendf(g.b, "%v", g.r.NormFloat64())
	case 3:
		g.b = fmt.Appendf(g.b, "%d.%0*d", g.r.IntN(1000), 1+g.r.IntN(30), g.r.IntN(1000))
	default:
		g.b = fmt.Appendf(g.b, "%d", g.r.IntN(2000)-1000)
	}
}

func (g *jsonText) string() {
	g.b = append(g.b, '"')
	for range g.r.IntN(12) {
		switch g.r.IntN(12) {
		case 0:
			g.b = append(g.b, g.oneOf(`\n`, `\"`, `\\`, `\/`, `\b`, `\f`, `\t`, `\r`)...)
		case 1:
			g.b = fmt.Appendf(g.b, `\u%04x`, g.r.IntN(0xD800))
		case 2:
			g.b = append(g.b, g.oneOf(`\ud83d\ude00`, `\uD800`, `\udc00x`, `\ud800\u0041`)...)
		case 3:
			g.b = utf8.AppendRune(g.b, rune(0x80+g.r.IntN(0x20000)))
		default:
			g.b = append(g.b, g.oneOf("a", "b", "Z", "0", " ", "<", "&", "\x7f")...)
		}
	}
	g.b = append(g.b, '"')
}

// text is an id.
func (g *jsonText) text() string {
	return strings.Repeat(g.oneOf("a", "\"", "\\", "ü", "\x01", "😀"), 1+g.r.IntN(3))
}
