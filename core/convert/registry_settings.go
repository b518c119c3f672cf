package convert

import (
	"errors"
	"strings"

	"github.com/connectless/connectless/core/config"
)

// Registry is the settings of a converter's schema registry client: the keys of Confluent's serializers that say where
// the registry is and how to talk to it.
type Registry struct {
	// URLs are tried in order; a URL mock://scope is a registry inside this process.
	URLs []string
	// MaxSchemasPerSubject bounds how many schemas of a subject are remembered.
	MaxSchemasPerSubject int
	LatestCacheSize      int
	// LatestCacheTTL is in seconds; -1 keeps what was read for good.
	LatestCacheTTL int

	// BasicSource is URL, USER_INFO or SASL_INHERIT.
	BasicSource   string
	BasicUserInfo config.Password
	// OldUserInfo is basic.auth.user.info under its first name.
	OldUserInfo config.Password
	SASLJaas    config.Password

	// BearerSource is STATIC_TOKEN or OAUTHBEARER; "" for no token.
	BearerSource string
	BearerToken  config.Password
	OAuth        OAuth

	ProxyHost      string
	ProxyPort      int
	ConnectTimeout int // milliseconds
	ReadTimeout    int // milliseconds
	// TLS is the ssl.* keys, without the prefix schema.registry.
	TLS map[string]string
	// Headers are sent with every request.
	Headers map[string]string
}

// OAuth is the settings of a token endpoint (client credentials).
type OAuth struct {
	Endpoint       string
	ClientID       string
	ClientSecret   config.Password
	Scope          string
	IdentityPool   string
	LogicalCluster string
}

// Define declares the keys.
func (r *Registry) Define(d *config.Def) {
	g := config.Group("Schema Registry")
	high, low := config.Rank(config.High), config.Rank(config.Low)
	d.List(&r.URLs, "schema.registry.url", "", "URLs of the schema registry, tried in order. mock://name is a registry inside the process, for tests.", config.Required(), high, g)
	d.Int(&r.MaxSchemasPerSubject, "max.schemas.per.subject", 1000, "How many schemas of a subject are remembered.", low, g)
	d.Int(&r.LatestCacheSize, "latest.cache.size", 1000, "How many latest versions are remembered.", low, g)
	d.Int(&r.LatestCacheTTL, "latest.cache.ttl.sec", -1, "Seconds after which the latest version is read again; -1 for never.", low, g)
	r.defineAuth(d, g)
	d.String(&r.ProxyHost, "proxy.host", "", "Host of an HTTP proxy.", low, g)
	d.Int(&r.ProxyPort, "proxy.port", -1, "Port of the HTTP proxy.", low, g)
	d.Int(&r.ConnectTimeout, "http.connect.timeout.ms", 60000, "How long connecting may take, in milliseconds.", low, g)
	d.Int(&r.ReadTimeout, "http.read.timeout.ms", 60000, "How long an answer may take, in milliseconds.", low, g)
	d.TLS(&r.TLS, "schema.registry.", low, g)
	d.Prefix(&r.Headers, "request.header.", "Headers to send with every request.")
}

func (r *Registry) defineAuth(d *config.Def, g config.Option) {
	low := config.Rank(config.Low)
	d.String(&r.BasicSource, "basic.auth.credentials.source", "URL", "Where the user and password of basic authentication are: in the URL, in basic.auth.user.info, or in sasl.jaas.config.",
		g, config.OneOf("URL", "USER_INFO", "SASL_INHERIT"))
	d.Password(&r.BasicUserInfo, "basic.auth.user.info", "", "user:password for basic.auth.credentials.source=USER_INFO.", g)
	d.Password(&r.OldUserInfo, "schema.registry.basic.auth.user.info", "", "The same as basic.auth.user.info, which comes first.", g)
	d.Password(&r.SASLJaas, "sasl.jaas.config", "", "Names the user and password for basic.auth.credentials.source=SASL_INHERIT.", low, g)
	d.String(&r.BearerSource, "bearer.auth.credentials.source", "", "Where the bearer token comes from.", g, config.NoDefault(), config.OneOf("STATIC_TOKEN", "OAUTHBEARER"))
	d.Password(&r.BearerToken, "bearer.auth.token", "", "The token for bearer.auth.credentials.source=STATIC_TOKEN.", g)
	o := &r.OAuth
	d.String(&o.Endpoint, "bearer.auth.issuer.endpoint.url", "", "Token endpoint for bearer.auth.credentials.source=OAUTHBEARER.", g)
	d.String(&o.ClientID, "bearer.auth.client.id", "", "Client ID at the token endpoint.", g)
	d.Password(&o.ClientSecret, "bearer.auth.client.secret", "", "Client secret at the token endpoint.", g)
	d.String(&o.Scope, "bearer.auth.scope", "", "Scope to ask for.", g)
	d.String(&o.IdentityPool, "bearer.auth.identity.pool.id", "", "Confluent Cloud's identity pool.", g)
	d.String(&o.LogicalCluster, "bearer.auth.logical.cluster", "", "Confluent Cloud's name of the registry (lsrc-...).", g)
	d.Short(new(int16), "bearer.auth.cache.expiry.buffer.seconds", 300, "Seconds before its end at which a token is replaced.", low, g,
		config.Between(0, 3600), config.NoEffect("a token is replaced when a fifth of its life is left."))
	for _, claim := range []string{"scope", "sub"} {
		d.String(new(string), "bearer.auth."+claim+".claim.name", claim, "Name of a claim in the token.", low, g, config.NoEffect("tokens are not looked into."))
	}
	d.String(new(string), "bearer.auth.custom.provider.class", "", "A Java class that makes tokens.", g, config.Check(refuse("Java classes cannot be loaded here; use STATIC_TOKEN or OAUTHBEARER")))
	d.Rule(func() (string, error) {
		if r.BearerSource == "OAUTHBEARER" && (o.Endpoint == "" || o.ClientID == "" || o.ClientSecret == "") {
			return "bearer.auth.issuer.endpoint.url", errors.New("bearer.auth.credentials.source=OAUTHBEARER needs bearer.auth.issuer.endpoint.url, bearer.auth.client.id and bearer.auth.client.secret")
		}
		return "", nil
	}, "bearer.auth.credentials.source", "bearer.auth.issuer.endpoint.url", "bearer.auth.client.id", "bearer.auth.client.secret")
	d.Rule(func() (string, error) {
		if r.BasicSource == "USER_INFO" && !strings.Contains(string(r.BasicUserInfo)+string(r.OldUserInfo), ":") {
			return "basic.auth.user.info", errors.New("basic.auth.credentials.source=USER_INFO needs user:password in basic.auth.user.info")
		}
		return "", nil
	}, "basic.auth.credentials.source", "basic.auth.user.info", "schema.registry.basic.auth.user.info")
}

// refuse is a check for a key that is known and cannot be honoured.
func refuse(why string) func(string) error {
	return func(raw string) error {
		if raw == "" {
			return nil
		}
		return errors.New(why)
	}
}
