package avro

import (
	"strings"
	"testing"

	"github.com/hamba/avro/v2"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/registry"
)

const orderSchema = `{"type":"record","name":"Order","namespace":"shop","fields":[` +
	`{"name":"order_id","type":"string"},{"name":"ts","type":"long"},{"name":"status","type":"string"},{"name":"amount","type":"double"},` +
	`{"name":"paid","type":"boolean"},{"name":"note","type":["null","string"],"default":null},` +
	`{"name":"cust","type":{"type":"record","name":"Customer","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},` +
	`{"name":"lat","type":"double"},{"name":"lon","type":"double"}]}},` +
	`{"name":"items","type":{"type":"array","items":{"type":"record","name":"Item","fields":[{"name":"sku","type":"string"},` +
	`{"name":"name","type":"string"},{"name":"qty","type":"int"},{"name":"price","type":"double"}]}}},` +
	`{"name":"tags","type":{"type":"array","items":"string"}},` +
	`{"name":"meta","type":{"type":"map","values":"string"}},` +
	`{"name":"version","type":"int"}]}`

// order is a record of orderSchema in Avro, written by another library; as JSON it has about 850 bytes.
func order(t testing.TB) []byte {
	t.Helper()
	item := map[string]any{"sku": "SKU-123456", "name": "alpha bravo charlie", "qty": 2, "price": 19.99}
	b, err := avro.Marshal(avro.MustParse(orderSchema), map[string]any{
		"order_id": "ORD-00000001", "ts": int64(1730000000000), "status": "SHIPPED", "amount": 1234.56, "paid": true,
		"note":  "alpha bravo charlie delta echo foxtrot golf hotel said \"hello\" ünïcode",
		"cust":  map[string]any{"id": int64(123456), "name": "kilo lima", "lat": 48.13743, "lon": 11.57549},
		"items": []any{item, item, item, item}, "tags": []any{"november", "oscar"},
		"meta": map[string]any{"source": "web", "ip": "192.0.2.1", "ua": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"}, "version": 7,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// opened is a converter with a registry of its own, in which the subject topic-value has the schemas, with the IDs from 1.
func opened(t testing.TB, props map[string]string, schemas ...string) convert.Converter {
	t.Helper()
	scope := strings.ReplaceAll(t.Name(), ",", "")
	for _, s := range schemas {
		registry.Mock(scope).Register("topic-value", s)
	}
	all := map[string]string{"schema.registry.url": "mock://" + scope}
	for k, v := range props {
		all[k] = v
	}
	c, ok, err := New("AvroConverter", all, false)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	return c
}

func framed(b []byte) []byte { return append([]byte{0, 0, 0, 0, 1}, b...) }

func BenchmarkToConnect(b *testing.B) {
	c, msg, a := opened(b, nil, orderSchema), framed(order(b)), data.NewArena()
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		a.Reset()
		if _, _, err := c.ToConnect(a, "topic", msg); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFromConnect(b *testing.B) {
	c, a := opened(b, nil, orderSchema), data.NewArena()
	s, v, err := c.ToConnect(a, "topic", framed(order(b)))
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		if buf, _, err = c.FromConnect(buf[:0], "topic", s, &v); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}
