package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLocalWorker(t *testing.T) {
	const (
		text = "org.apache.kafka.connect.storage.StringConverter"
		json = "org.apache.kafka.connect.json.JsonConverter"
	)
	for _, tc := range []struct {
		name, file string
		embedded   bool
		want       map[string]string
		dropped    []string
	}{
		{
			name: "nothing", embedded: true,
			want: map[string]string{"bootstrap.servers": embeddedServers, "key.converter": text, "value.converter": json, "value.converter.schemas.enable": "false"},
		},
		{
			name: "converters of the file bring their own options", file: "value.converter=" + json + "\n", embedded: true,
			want: map[string]string{"bootstrap.servers": embeddedServers, "key.converter": text, "value.converter": json},
		},
		{
			name: "the file is of another cluster", embedded: true,
			file:    "bootstrap.servers=b:1\nsecurity.protocol=SSL\nproducer.ssl.key.password=x\nproducer.linger.ms=5\nkey.converter=" + json + "\nvalue.converter=" + json,
			want:    map[string]string{"bootstrap.servers": embeddedServers, "producer.linger.ms": "5", "key.converter": json, "value.converter": json},
			dropped: []string{"bootstrap.servers", "producer.ssl.key.password", "security.protocol"},
		},
		{
			name: "and that cluster is used", file: "bootstrap.servers=b:1\nsecurity.protocol=SSL\n",
			want: map[string]string{"bootstrap.servers": "b:1", "security.protocol": "SSL", "key.converter": text, "value.converter": json, "value.converter.schemas.enable": "false"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := ""
			if tc.file != "" {
				file = write(t, "worker.properties", tc.file)
			}
			got, dropped, err := localWorker(file, tc.embedded)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("worker map (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.dropped, dropped); diff != "" {
				t.Errorf("dropped (-want +got):\n%s", diff)
			}
		})
	}
}
