package connect_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/connectless/connectless/core/connect"
)

var errSystem = errors.New("the system said no")

func TestClassify(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want connect.Class
		wait time.Duration
	}{
		{"nobody classified it", errSystem, connect.ClassRetriable, 0},
		{"nil", nil, connect.ClassRetriable, 0},
		{"retriable", connect.Retriable(errSystem), connect.ClassRetriable, 0},
		{"retriable after a while", connect.RetriableAfter(time.Second, errSystem), connect.ClassRetriable, time.Second},
		{"data", connect.DataError(errSystem), connect.ClassData, 0},
		{"fatal", connect.Fatal(errSystem), connect.ClassFatal, 0},
		{"wrapped", fmt.Errorf("put 3: %w", connect.Fatal(errSystem)), connect.ClassFatal, 0},
		{"joined", errors.Join(errSystem, connect.DataError(errSystem)), connect.ClassData, 0},
		{"the outermost counts", connect.Retriable(fmt.Errorf("put: %w", connect.DataError(errSystem))), connect.ClassRetriable, 0},
		{"and its wait", connect.RetriableAfter(time.Minute, connect.RetriableAfter(time.Second, errSystem)), connect.ClassRetriable, time.Minute},
		{"a new class has no wait", connect.DataError(connect.RetriableAfter(time.Second, errSystem)), connect.ClassData, 0},
		{"still reading is no class", connect.StillReading(connect.DataError(errSystem)), connect.ClassData, 0},
		{"below a mark", connect.Fatal(connect.StillReading(errSystem)), connect.ClassFatal, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := connect.Classify(tc.err); got != tc.want {
				t.Errorf("Classify = %v, want %v", got, tc.want)
			}
			if got := connect.RetryAfter(tc.err); got != tc.wait {
				t.Errorf("RetryAfter = %v, want %v", got, tc.wait)
			}
			if tc.err != nil && !errors.Is(tc.err, errSystem) {
				t.Errorf("%v lost its cause", tc.err)
			}
		})
	}
}

func TestMarksKeepNil(t *testing.T) {
	for name, mark := range map[string]func(error) error{
		"Retriable": connect.Retriable, "DataError": connect.DataError, "Fatal": connect.Fatal, "StillReading": connect.StillReading,
		"RetriableAfter": func(err error) error { return connect.RetriableAfter(time.Second, err) },
	} {
		if err := mark(nil); err != nil {
			t.Errorf("%s(nil) = %v", name, err)
		}
	}
}

func TestStillReading(t *testing.T) {
	err := fmt.Errorf("put: %w", connect.Retriable(connect.StillReading(context.DeadlineExceeded)))
	if !connect.IsStillReading(err) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v lost its mark or its cause", err)
	}
	if connect.IsStillReading(connect.Retriable(context.DeadlineExceeded)) {
		t.Error("a timeout alone says nothing about the memory")
	}
	if got, want := err.Error(), "put: context deadline exceeded"; got != want {
		t.Errorf("message %q, want %q: marks are not words", got, want)
	}
}

func TestBatchError(t *testing.T) {
	var b connect.BatchError
	if err := b.ErrOrNil(); err != nil {
		t.Errorf("nothing failed, yet %v", err)
	}
	b.Fail(7, nil)
	if b.Len() != 0 {
		t.Error("a nil error made a record fail")
	}
	b.Fail(5, connect.DataError(errSystem))
	b.Fail(2, errSystem)
	b.Fail(5, connect.Fatal(errSystem))
	err := fmt.Errorf("put: %w", b.ErrOrNil())
	var got *connect.BatchError
	if !errors.As(err, &got) {
		t.Fatalf("%v is no BatchError", err)
	}
	if got.Len() != 2 || got.Failed(0) != nil || !errors.Is(got.Failed(2), errSystem) {
		t.Errorf("failed %d: %v", got.Len(), got)
	}
	if c := connect.Classify(got.Failed(5)); c != connect.ClassData {
		t.Errorf("record 5 is %v; the first error of a record stays", c)
	}
	if want := "2 records failed, the first (index 2) with: the system said no"; got.Error() != want {
		t.Errorf("message %q, want %q", got, want)
	}
}

func TestDefinitionAnswersToItsNames(t *testing.T) {
	d := connect.Definition{Name: "cosmos-sink", Classes: []string{"com.azure.CosmosSinkConnector", "com.azure.v1.CosmosDBSinkConnector"}}
	for class, want := range map[string]bool{
		"cosmos-sink": true, "com.azure.CosmosSinkConnector": true, "CosmosSinkConnector": true, "CosmosSink": true,
		"com.azure.v1.CosmosDBSinkConnector": true, "CosmosDBSink": true,
		"com.azure.CosmosSink": false, "cosmossink": false, "Cosmos": false, "": false,
	} {
		if got := d.Is(class); got != want {
			t.Errorf("Is(%q) = %v, want %v", class, got, want)
		}
	}
}
