package kafka

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

// What a client takes is what core/config says it takes, with the same types: a key beyond that would be judged to be
// without effect, a key short of it would be ignored without a word.
func TestKeysAreThoseThatHaveAnEffect(t *testing.T) {
	for _, tc := range []struct {
		role     config.ClientRole
		settings config.Definer
	}{
		{config.ProducerClient, &ProducerConfig{}},
		{config.AdminClient, &Client{}},
	} {
		want, got := map[string]config.Type{}, map[string]config.Type{}
		for _, k := range config.ClientKeys(tc.role) {
			if k.NoEffect == "" && k.Name != "ssl.engine.factory.class" { // which is refused
				want[k.Name] = k.Type
			}
		}
		for _, k := range config.Keys(tc.settings) {
			got[k.Name] = k.Type
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-declared in core/config +taken here):\n%s", tc.role, diff)
		}
	}
}

func TestVersionsOfTLS(t *testing.T) {
	for _, tc := range []struct {
		names  string
		oldest uint16
		newest uint16
		ok     bool
	}{
		{"TLSv1.2,TLSv1.3", 0x0303, 0x0304, true},
		{"TLSv1.3", 0x0304, 0x0304, true},
		{"TLSv1.2, TLSv1.1", 0x0303, 0x0303, true},
		{"TLSv1.1", 0, 0, false},
	} {
		s := tlsSettings{}
		problems := config.Parse(map[string]string{"ssl.enabled.protocols": tc.names}, &s)
		if (problems.Err() == nil) != tc.ok {
			t.Errorf("%s: %v", tc.names, problems)
		}
		if !tc.ok {
			continue
		}
		c, err := s.config()
		if err != nil || c.MinVersion != tc.oldest || c.MaxVersion != tc.newest {
			t.Errorf("%s: %x to %x, %v; want %x to %x", tc.names, c.MinVersion, c.MaxVersion, err, tc.oldest, tc.newest)
		}
	}
}
