package kafka

import (
	"context"
	"crypto/tls"

	"github.com/connectless/connectless/core/config"
)

// For clients of systems beside Kafka that are configured with the keys of a Kafka client, a schema registry's first of
// all: the same stores, the same logins.

// TLSConfig is the TLS configuration that the ssl.* keys in props describe. It reads the stores.
func TLSConfig(props map[string]string) (*tls.Config, error) {
	var s tlsSettings
	if err := config.Parse(props, &s).Err(); err != nil {
		return nil, err
	}
	return s.config()
}

type tlsSettings struct{ TLS }

func (s *tlsSettings) Define(d *config.Def) { s.define(d) }

// JAASLogin is the user and password that a line of a JAAS file (sasl.jaas.config) names.
func JAASLogin(line config.Password) (user, password string, err error) {
	options, err := parseJAAS(string(line))
	return options["username"], options["password"], err
}

// Tokens returns a function that gets OAuth tokens with client credentials, and keeps one while it is fresh. It is safe
// for concurrent use.
func Tokens(endpoint, id string, secret config.Password, scope string) func(context.Context) (string, error) {
	t := &tokens{url: endpoint, id: id, secret: string(secret), scope: scope}
	return t.token
}
