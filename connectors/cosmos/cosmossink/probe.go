package cosmossink

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	"github.com/connectless/connectless/core/connect"
)

// probeTime bounds the tries to read one thing while somebody waits for the answer.
const probeTime = 10 * time.Second

// Probe implements [connect.Prober]: it reads the account, the database and the containers.
func (s *sink) Probe(ctx context.Context) []connect.Finding {
	account := "account " + s.client.endpoint.Host
	missing, err := s.probeDatabase(ctx)
	if err != nil {
		return []connect.Finding{broken(account, err)}
	}
	found := []connect.Finding{good(account, "it answers, and the key is valid")}
	if a := s.client.account.Load(); a != nil && len(s.cfg.PreferredRegions) > 0 && a.writeTo.Host == s.client.endpoint.Host {
		found = append(found, connect.Finding{Level: connect.LevelWarning, Subject: account,
			Message: "none of the preferred regions takes writes: " + strings.Join(s.cfg.PreferredRegions, ", "),
			Remedy:  "Name regions of the account, or leave the setting out; documents go to the account's endpoint."})
	}
	if missing {
		return append(found, connect.Finding{Level: connect.LevelError, Subject: "database " + s.cfg.Database, Message: "it does not exist", Remedy: "Create it."})
	}
	found = append(found, good("database "+s.cfg.Database, "it exists"))
	for _, name := range slices.Compact(slices.Sorted(maps.Values(s.cfg.Containers))) {
		found = append(found, s.probeContainer(ctx, name))
	}
	return found
}

func (s *sink) probeDatabase(ctx context.Context) (missing bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	err = s.client.get(ctx, "database "+s.cfg.Database, func(ctx context.Context, sdk *azcosmos.Client) error {
		db, err := sdk.NewDatabase(s.cfg.Database)
		if err != nil {
			return err
		}
		_, err = db.Read(ctx, nil)
		return err
	})
	if isMissing(err) {
		return true, nil
	}
	return false, err
}

func (s *sink) probeContainer(ctx context.Context, name string) connect.Finding {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	subject := "container " + name
	def, err := s.client.definition(ctx, s.cfg.Database, s.client.container(s.cfg.Database, name), nil)
	if err != nil {
		return broken(subject, err)
	}
	var paths []string
	for _, p := range def.paths {
		paths = append(paths, "/"+strings.Join(p, "/"))
	}
	return good(subject, fmt.Sprintf("it exists, with the partition key %s", strings.Join(paths, ", ")))
}

func good(subject, message string) connect.Finding {
	return connect.Finding{Level: connect.LevelOK, Subject: subject, Message: message}
}

// broken is an error of this package, whose text says what to do where anything can be done.
func broken(subject string, err error) connect.Finding {
	f := connect.Finding{Level: connect.LevelError, Subject: subject, Message: strings.TrimPrefix(err.Error(), "cosmossink: ")}
	if connect.Classify(err) == connect.ClassRetriable {
		f.Remedy = "Check the endpoint, name resolution, and whether this network reaches it (firewall, private endpoint, proxy)."
	}
	return f
}

var _ connect.Prober = (*sink)(nil)
