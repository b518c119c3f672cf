package secrets

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/connectless/connectless/core/config"
)

// PerProcess makes a constructor that opens one store for the same parameters in the life of a process: looking
// references up again then finds its connections, its token and its [Cache].
func PerProcess[S config.Provider](open func(params map[string]string) (S, error)) func(params map[string]string) (config.Provider, error) {
	var mu sync.Mutex
	stores := map[config.Password]config.Provider{}
	return func(params map[string]string) (config.Provider, error) {
		var b strings.Builder
		for _, key := range slices.Sorted(maps.Keys(params)) {
			b.WriteString(key + "\x00" + params[key] + "\x00")
		}
		mu.Lock()
		defer mu.Unlock()
		id := config.Password(b.String())
		if s, ok := stores[id]; ok {
			return s, nil
		}
		s, err := open(params)
		if err != nil {
			return nil, err
		}
		stores[id] = s
		return s, nil
	}
}
