package kafka

import (
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/config"
)

// Client is the part of a Kafka client's configuration that all kinds of clients share.
type Client struct {
	Bootstrap        []string
	ClientID         string
	SecurityProtocol string
	RequestTimeout   int
	MetadataMaxAge   int64
	IdleTimeout      int64
	SetupTimeout     int64
	RetryBackoff     int64
	RetryBackoffMax  int64
	TLS              TLS
	SASL             SASL
}

// Define declares the keys with the defaults of Apache Kafka 3.9.
func (c *Client) Define(d *config.Def) {
	d.List(&c.Bootstrap, "bootstrap.servers", "", "Brokers to begin with, host:port, separated by commas.", config.Required(), config.Rank(config.High))
	d.String(&c.ClientID, "client.id", "", "Name of this client in the brokers' logs and quotas.")
	d.String(&c.SecurityProtocol, "security.protocol", "PLAINTEXT", "How to talk to the brokers.",
		config.OneOfFold("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"))
	d.Int(&c.RequestTimeout, "request.timeout.ms", 30000, "How long to wait for an answer of a broker, in milliseconds.", config.AtLeast(0))
	d.Long(&c.MetadataMaxAge, "metadata.max.age.ms", 300000, "Age at which knowledge of topics and leaders is refreshed, in milliseconds.", config.AtLeast(0))
	d.Long(&c.IdleTimeout, "connections.max.idle.ms", 540000, "Idle time after which a connection is closed, in milliseconds.")
	d.Long(&c.SetupTimeout, "socket.connection.setup.timeout.ms", 10000, "How long a connection may take to be made, in milliseconds.")
	d.Long(&c.RetryBackoff, "retry.backoff.ms", 100, "Wait before a failed request is tried again, in milliseconds.", config.AtLeast(0))
	d.Long(&c.RetryBackoffMax, "retry.backoff.max.ms", 1000, "The longest such wait: it doubles with each try, in milliseconds.", config.AtLeast(0))
	c.TLS.define(d)
	c.SASL.define(d)
	d.Rule(func() (string, error) {
		if c.sasl() {
			return c.SASL.check()
		}
		return "", nil
	})
}

func (c *Client) tls() bool { return strings.HasSuffix(strings.ToUpper(c.SecurityProtocol), "SSL") }
func (c *Client) sasl() bool {
	return strings.HasPrefix(strings.ToUpper(c.SecurityProtocol), "SASL_")
}

// Options turns the configuration into options of the Kafka client. It reads key and trust stores.
func (c *Client) Options() ([]kgo.Opt, error) {
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Bootstrap...),
		kgo.RequestTimeoutOverhead(millis(int64(c.RequestTimeout))),
		kgo.DialTimeout(millis(c.SetupTimeout)),
	}
	if c.ClientID != "" {
		opts = append(opts, kgo.ClientID(c.ClientID))
	}
	if c.IdleTimeout > 0 {
		opts = append(opts, kgo.ConnIdleTimeout(millis(c.IdleTimeout)))
	}
	if age := millis(c.MetadataMaxAge); age >= time.Second {
		opts = append(opts, kgo.MetadataMaxAge(age))
	}
	if c.RetryBackoff > 0 {
		wait, longest := millis(c.RetryBackoff), millis(max(c.RetryBackoff, c.RetryBackoffMax))
		opts = append(opts, kgo.RetryBackoffFn(func(tries int) time.Duration {
			return min(wait<<min(tries, 10), longest)
		}))
	}
	if c.tls() {
		conf, err := c.TLS.config()
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.DialTLSConfig(conf))
	}
	if c.sasl() {
		m, err := c.SASL.mechanism()
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.SASL(m))
	}
	return opts, nil
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// parse fills settings from properties. Unknown properties are no error, as they are none for Java's clients.
func parse(props map[string]string, settings config.Definer) error {
	if err := config.Parse(props, settings).Err(); err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	return nil
}
