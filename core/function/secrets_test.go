package function

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/trigger"
)

// A configuration that refers to a store which this binary does not link is refused where it would run, by validate too;
// away from there it is a warning.
func TestStoreThatIsNotLinked(t *testing.T) {
	if len(providers()) > 0 {
		t.Logf("this build links %d stores; the test is of builds without", len(providers()))
		return
	}
	props := connector(map[string]string{"memo.secret": "${keyvault:vault:secret}"})
	const want = `memo.secret: ${keyvault:vault:secret} cannot be resolved: config provider "keyvault" is not linked into this program: the packages for Azure Functions have it; elsewhere build with -tags keyvault`
	_, err := NewSink(t.Context(), memo, nil, &Document{Config: props}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), want) || connect.Classify(err) != connect.ClassFatal {
		t.Errorf("at start: %v", err)
	}
	path := write(t, props)
	if code, out, _ := run(t, "", "validate", "--config", path); code != exitFault || !strings.Contains(out, "error: "+want) {
		t.Errorf("validate: exit %d\n%s", code, out)
	}
	if code, out, _ := run(t, "", "validate", "--offline", "--config", path); code != exitOK || !strings.Contains(out, "warning: memo.secret: ${keyvault:vault:secret}") {
		t.Errorf("validate --offline: exit %d\n%s", code, out)
	}
	if code, out, errs := run(t, `{"a":1}`, "preview", "--config", path); code != exitOK || !strings.Contains(out, `"value":{"a":1}`) {
		t.Errorf("preview needs no secret: exit %d\n%s%s", code, out, errs)
	}
}

// A sink is refused for a password that was replaced: what the configuration refers to is looked up again, and the same
// function goes on with the new one.
func TestRotatedSecret(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret.properties")
	put := func(password string) {
		if err := os.WriteFile(secret, []byte("password="+password), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("first")
	accepted, kept := "first", []string(nil)
	open := func(_ context.Context, s config.Definer) (connect.Sink, error) {
		return signedIn{password: string(s.(*settings).Secret), accepted: &accepted, keeper: keeper{&kept}}, nil
	}
	sink, err := NewSink(t.Context(), memo, open, &Document{Config: connector(map[string]string{"memo.secret": "${file:" + secret + ":password}"})}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	invoke := func() error {
		result, _ := sink.Run(t.Context(), func(m *trigger.Messages, _ func(int) []byte) error {
			m.Messages = append(m.Messages[:0], trigger.Message{Topic: "orders", Value: []byte(`{"a":1}`)})
			return nil
		})
		return result.Err
	}
	if err := invoke(); err != nil {
		t.Fatal(err)
	}
	accepted = "second"
	if err := invoke(); connect.Classify(err) != connect.ClassFatal {
		t.Errorf("with the old password: %v", err)
	}
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	if err := invoke(); err == nil || !strings.Contains(err.Error(), "memo.secret") || strings.Contains(err.Error(), "first") {
		t.Errorf("while there is no secret: %v", err)
	}
	put("second")
	if err := invoke(); err != nil || sink.State().Failed || len(kept) != 2 {
		t.Errorf("with the new password: %v, %+v, kept %v", err, sink.State(), kept)
	}
}

type signedIn struct {
	password string
	accepted *string
	keeper
}

func (s signedIn) Put(ctx context.Context, batch []*connect.Record) error {
	if s.password != *s.accepted {
		return connect.Fatal(errors.New("memo: access denied"))
	}
	return s.keeper.Put(ctx, batch)
}

func TestRefusalsAreClassified(t *testing.T) {
	if err := classify(config.Passing(errors.New("the store is out of reach"))); !connect.IsRetriable(err) {
		t.Errorf("%v is %v", err, connect.Classify(err))
	}
	if err := classify(errors.New("a key is missing")); connect.Classify(err) != connect.ClassFatal {
		t.Errorf("%v is %v", err, connect.Classify(err))
	}
}
