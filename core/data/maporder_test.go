package data

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

// testdata/hashmap.txt is how JDK 17 iterates over HashMaps: the class of the keys, the size given to the constructor or
// "-", the keys in the order they were put, and in the order of keySet.
func TestMapOrderIsJavas(t *testing.T) {
	f, err := os.Open("testdata/hashmap.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		part := strings.Split(lines.Text(), " ")
		var pairs []Value
		var fields []Field
		for _, k := range strings.Split(part[2], ",") {
			pairs = append(pairs, keyOf(t, part[0], k), Value{})
			fields = append(fields, F(k, Value{}))
		}
		m := OfPairs(pairs...)
		if part[0] == "string" {
			m = OfMap(fields...)
		}
		if part[1] != "-" {
			size, err := strconv.Atoi(part[1])
			if err != nil {
				t.Fatal(err)
			}
			m.SetMapOrder(HashOrderOf(size))
		}
		var got []string
		for k := range m.Entries() {
			got = append(got, k.JavaText())
		}
		if got := strings.Join(got, ","); got != part[3] {
			t.Errorf("%s\ngot  %s\nwant %s", lines.Text(), got, part[3])
		}
	}
	if n == 0 {
		t.Error("no lines")
	}
}

func keyOf(t *testing.T, class, text string) Value {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && class != "string" {
		t.Fatal(err)
	}
	switch class {
	case "int32":
		return OfInt32(int32(f))
	case "int64":
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return OfInt64(i)
	case "float64":
		return OfFloat64(f)
	}
	return OfString(text)
}
