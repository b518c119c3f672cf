package cosmossink

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/connect"
)

func TestProbe(t *testing.T) {
	const topicMap = "sink.containers.topicMap"
	for _, tc := range []struct {
		name     string
		settings map[string]string
		fault    *cosmostest.Rule
		paths    []string
		want     []string // level, subject, and a part of message and remedy
	}{
		{name: "all is there", settings: map[string]string{topicMap: "a#orders,b#orders"}, paths: []string{"/customer/id"}, want: []string{
			"ok account account.test it answers, and the key is valid", "ok database shop it exists", "ok container orders it exists, with the partition key /customer/id"}},
		{name: "a container is missing", settings: map[string]string{topicMap: "a#orders,b#elsewhere"}, paths: []string{"/a", "/b"}, want: []string{
			"ok account", "ok database", `error container elsewhere container "elsewhere" does not exist in database "shop" of account account.test: create it`, "ok container orders it exists, with the partition key /a, /b"}},
		{name: "the database is missing", paths: nil, want: []string{"ok account", "error database shop it does not exist Create it."}},
		{name: "a wrong key", settings: map[string]string{"account.key": "d3Jvbmc="}, paths: []string{"/a"}, want: []string{
			"error account account.test read database shop from account.test: the service answered 401 Unauthorized"}},
		{name: "no way in", paths: []string{"/a"}, fault: &cosmostest.Rule{Fault: cosmostest.Fail(http.StatusForbidden)}, want: []string{
			"error account account.test read database shop from account.test: the service answered 403 Forbidden"}},
		{name: "nobody there", paths: []string{"/a"}, fault: &cosmostest.Rule{Fault: cosmostest.Fault{Cut: cosmostest.CutBefore}}, want: []string{
			"error account account.test read database shop from account.test: EOF Check the endpoint"}},
		{name: "a silent one", paths: []string{"/a"}, fault: &cosmostest.Rule{Fault: cosmostest.Fault{Stall: cosmostest.StallBefore}}, want: []string{
			"error account account.test no time left: context deadline exceeded Check the endpoint"}},
		{name: "a passing trouble", settings: map[string]string{topicMap: "a#orders"}, paths: []string{"/a"}, fault: &cosmostest.Rule{Times: 2, Fault: cosmostest.Fail(http.StatusServiceUnavailable)}, want: []string{
			"ok account", "ok database", "ok container"}},
		{name: "no such region", settings: map[string]string{topicMap: "a#orders", "preferredRegionList": "Mars"}, paths: []string{"/a"}, want: []string{
			"ok account", "warning account account.test none of the preferred regions takes writes: Mars Name regions", "ok database", "ok container"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, tc.settings, tc.paths...)
				if tc.fault != nil {
					w.Inject(*tc.fault)
				}
				start := time.Now()
				var got []string
				for i, f := range w.sink.(connect.Prober).Probe(t.Context()) {
					line := strings.TrimSpace(fmt.Sprintf("%s %s %s %s", f.Level, f.Subject, f.Message, f.Remedy))
					if i < len(tc.want) && strings.Contains(line, tc.want[i]) {
						line = tc.want[i]
					}
					got = append(got, line)
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("findings (-want +got):\n%s", diff)
				}
				if took := time.Since(start); took > probeTime {
					t.Errorf("it took %v", took)
				}
				for _, x := range w.rec.Exchanges() {
					if x.Request.Method != http.MethodGet {
						t.Errorf("it sent a %s", x.Request.Method)
					}
				}
			})
		})
	}
}
