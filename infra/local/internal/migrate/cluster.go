package migrate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/connectless/connectless/core/config"
)

// Cluster says where a Kafka Connect cluster is and how to sign in.
type Cluster struct {
	URL             string // of any worker; it may have a path
	Username        string
	Password, Token config.Password
	CACertificates  []byte            // PEM, instead of the system's
	Certificate     []tls.Certificate // for a worker that wants one of its clients
	Insecure        bool              // accept any certificate
}

const maxAnswer = 64 << 20 // bytes

// Read reads the connectors of the cluster, by name. only names those that are wanted; all if it is empty.
func (c *Cluster) Read(ctx context.Context, only []string) ([]Connector, error) {
	base, client, err := c.open()
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	found, err := c.read(ctx, client, base)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	names := map[string]bool{}
	for i := range found {
		found[i].From, found[i].Exists = base, true
		names[found[i].Name] = true
	}
	for _, name := range only {
		if !names[name] {
			return nil, fmt.Errorf("migrate: there is no connector %q at %s; there are: %s", name, base, strings.Join(sorted(names), ", "))
		}
	}
	if len(only) > 0 {
		found = slices.DeleteFunc(found, func(f Connector) bool { return !slices.Contains(only, f.Name) })
	}
	return found, nil
}

func (c *Cluster) open() (base string, _ *http.Client, err error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", nil, errors.New("the address of a worker is a URL, as http://localhost:8083 is")
	case u.User != nil:
		return "", nil, errors.New("user name and password do not belong into the URL, which is written into files")
	case u.RawQuery != "" || u.Fragment != "":
		return "", nil, fmt.Errorf("the URL %s has more than a path", c.URL)
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: c.Certificate, InsecureSkipVerify: c.Insecure} //nolint:gosec // the user asked for it
	if c.CACertificates != nil {
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(c.CACertificates) {
			return "", nil, errors.New("there is no certificate in PEM form among the CA certificates")
		}
	}
	return strings.TrimRight(c.URL, "/"), &http.Client{Transport: t}, nil
}

func (c *Cluster) read(ctx context.Context, client *http.Client, base string) ([]Connector, error) {
	defer client.CloseIdleConnections()
	var answer json.RawMessage
	if err := c.get(ctx, client, base+"/connectors?expand=info&expand=status", &answer); err != nil {
		return nil, err
	}
	all := expanded{}
	var names []string
	if json.Unmarshal(answer, &names) != nil {
		if err := json.Unmarshal(answer, &all); err != nil {
			return nil, fmt.Errorf("%s does not answer as Kafka Connect does", base)
		}
		return all.connectors()
	}
	var found []Connector // before Kafka 2.3 there is no expansion
	for _, name := range slices.Sorted(slices.Values(names)) {
		one := Connector{Name: name}
		at := base + "/connectors/" + url.PathEscape(name)
		if err := c.get(ctx, client, at+"/config", &one.Config); err != nil {
			return nil, err
		}
		delete(one.Config, "name")
		var status struct {
			Connector struct{ State string }
		}
		if err := c.get(ctx, client, at+"/status", &status); err != nil {
			return nil, err
		}
		one.settle(status.Connector.State)
		found = append(found, one)
	}
	return found, nil
}

func (c *Cluster) get(ctx context.Context, client *http.Client, at string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	switch {
	case c.Token != "":
		req.Header.Set("Authorization", "Bearer "+string(c.Token))
	case c.Username != "" || c.Password != "":
		req.SetBasicAuth(c.Username, string(c.Password))
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s: the answer broke off: %w", at, err)
	}
	if resp.StatusCode != http.StatusOK {
		var said struct{ Message string }
		_ = json.Unmarshal(body, &said) // what stands before a worker answers as it likes
		return fmt.Errorf("%s: %s %s", at, resp.Status, said.Message)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s does not answer as Kafka Connect does: %w", at, err)
	}
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
