package data

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/connectless/connectless/core/data/javatext"
)

// What is taken for Double.toString's text without computing that is its text.
func TestDoublesAsJavaWritesThem(t *testing.T) {
	is := func(text string) bool {
		b := []byte(text + ",")
		p := newParser(b, view(b), nil)
		r := typedReader{parser: &p}
		return r.double(0) == len(text)
	}
	for text, want := range map[string]bool{"0.0": true, "-0.0": false, "0": false, "1": false, "1.0": true, "1.00": false, "-1.5": true,
		"0.001": true, "0.01": true, "0.05": true, "0.0001": false, "1.0E-4": true, "1.0e-4": false, "9999999.9": true, "10000000.0": false,
		"1.0E7": true, "0.1": true, "0.30000000000000004": true, "0.3000000000000000": false, "1234567.12345678": true, "01.5": false,
		"1.9999999999999998E23": true, "2.0E23": false, "1e400": false, "1.": false, "-": false, ".5": false} {
		if is(text) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 500_000 {
		text := strconv.AppendInt(nil, r.Int64N([]int64{10, 100, 1e3, 1e4, 1e5, 1e6, 1e7}[r.IntN(7)]), 10)
		text = append(text, '.')
		for range 1 + r.IntN(16-len(text)) {
			text = append(text, byte('0'+r.IntN(10)))
		}
		f, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			t.Fatal(err)
		}
		if want := string(javatext.AppendDouble(nil, f)); is(string(text)) != (string(text) == want) {
			t.Fatalf("%s: Java writes %s", text, want)
		}
	}
}
