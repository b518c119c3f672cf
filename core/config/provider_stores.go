package config

// The config providers that need a vendor's SDK are declared here, for whoever judges a configuration, and implemented in
// packages of their own (core/secrets/...), which only the binaries link that are built for them.

// SecretsManager declares the config provider of AWS Secrets Manager, without its implementation.
func SecretsManager() ProviderPlugin {
	return ProviderPlugin{
		Name: "secretsmanager",
		Classes: []string{
			"com.amazonaws.kafka.config.providers.SecretsManagerConfigProvider",
			"io.confluent.csid.config.provider.aws.SecretsManagerConfigProvider",
			"com.github.jcustenborder.kafka.config.aws.SecretsManagerConfigProvider",
			"io.lenses.connect.secrets.providers.AWSSecretProvider",
		},
		Doc:     "Secrets of AWS Secrets Manager: ${secretsmanager:secret:key} for a key of a secret that is a JSON object, ${secretsmanager:secret} for all of it. The secret is a name or an ARN; ?versionid=... or ?versionstage=... behind it chooses a version.",
		Missing: "add the key to that secret's JSON object",
		Params:  func() Definer { return &SecretsManagerParams{} },
		Linked:  "the packages for AWS Lambda have it; elsewhere build with -tags secretsmanager",
	}
}

// KeyVault declares the config provider of Azure Key Vault, without its implementation.
func KeyVault() ProviderPlugin {
	return ProviderPlugin{
		Name: "keyvault",
		Classes: []string{
			"io.confluent.csid.config.provider.azure.KeyVaultConfigProvider",
			"io.lenses.connect.secrets.providers.AzureSecretProvider",
			"com.github.jcustenborder.kafka.config.azure.KeyVaultConfigProvider",
		},
		Doc:     "Secrets of Azure Key Vault: ${keyvault:vault:secret}, the vault by its name or host name. With the parameter vault.url, ${keyvault:secret} is a secret of that vault, and ${keyvault:secret:key} a key of one that is a JSON object. ?version=... behind the secret chooses a version.",
		Missing: "add the key to that secret's JSON object",
		Params:  func() Definer { return &KeyVaultParams{} },
		Linked:  "the packages for Azure Functions have it; elsewhere build with -tags keyvault",
	}
}

// StoreParams are the parameters that config providers of secret stores have in common.
type StoreParams struct {
	Prefix  string // of every secret's name
	Tries   int    // of a read
	Timeout int    // of a try, seconds
}

// Reading ends before AWS Lambda ends a function that starts, which is after ten seconds.
const (
	storeTries   = 3
	storeTimeout = 3
)

const whenRead = "a function reads its secrets when it starts, and again after a failure that new ones may mend."

func (s *StoreParams) define(d *Def) {
	low := Rank(Low)
	d.String(&s.Prefix, "secret.prefix", "", "Text before the name of every secret.", low)
	d.Int(&s.Tries, "retry.count", storeTries, "How often a secret is asked for before it counts as out of reach.", low, AtLeast(1))
	d.Int(&s.Timeout, "timeout.seconds", storeTimeout, "How long one try may take, in seconds.", low, AtLeast(1))
	d.Long(new(int64), "retry.interval.seconds", 10, "Time between tries.", low, NoEffect("tries follow each other after less than a second."))
	d.Long(new(int64), "secret.ttl.ms", 300000, "Age at which a secret is read again.", low, NoEffect(whenRead))
	d.Bool(new(bool), "polling.enabled", true, "Whether changes of secrets are looked for.", low, NoEffect(whenRead))
	d.Long(new(int64), "polling.interval.seconds", 300, "How often changes are looked for.", low, NoEffect(whenRead))
	d.Int(new(int), "thread.count", 3, "Threads that read secrets.", low, NoEffect("a secret is one request."))
	d.String(new(string), "file.dir", "", "Directory for secrets that are files.", low, NoDefault(), NoEffect("secrets are never written to files."))
}

// SecretsManagerParams are the parameters of the provider of AWS Secrets Manager.
type SecretsManagerParams struct {
	StoreParams
	Region    string // "": the environment's
	AccessKey string // with SecretKey: instead of the environment's
	SecretKey Password
	Endpoint  string
	Base64    bool // whole secrets are given in base64
}

// Define declares the parameters under the names that the Java classes have for them.
func (s *SecretsManagerParams) Define(d *Def) {
	d.String(&s.Region, "aws.region", "", "Region of the secrets; AWS_REGION if it is not set. A secret's ARN names its own.", Rank(High))
	region := ""
	d.String(&region, "region", "", "The same as aws.region.")
	d.String(&s.AccessKey, "aws.access.key", "", "Access key; the credentials of the environment if it is not set.")
	d.Password(&s.SecretKey, "aws.secret.key", "", "Secret key of aws.access.key.")
	d.String(&s.Endpoint, "endpoint.override", "", "URL to speak to instead of the region's.", Rank(Low))
	d.String(new(string), "aws.auth.method", "default", "Where credentials come from.", Rank(Low), OneOf("default", "credentials"),
		NoEffect("aws.access.key and aws.secret.key are used when they are set, the credentials of the environment otherwise."))
	d.String(new(string), "NotFoundStrategy", "fail", "What becomes of a reference to nothing.", Rank(Low), OneOf("fail", "ignore"),
		NoEffect("a reference that cannot be resolved refuses to start, always."))
	encoding := ""
	d.String(&encoding, "RawSecretEncoding", "none", "Whether whole secrets are given in base64.", Rank(Low), OneOf("none", "base64"))
	s.define(d)
	d.Rule(func() (string, error) {
		s.Base64 = encoding == "base64"
		if s.Region == "" {
			s.Region = region
		}
		if (s.AccessKey == "") != (s.SecretKey == "") {
			return "aws.secret.key", said("aws.access.key and aws.secret.key belong together: one is missing")
		}
		return "", nil
	})
}

// KeyVaultParams are the parameters of the provider of Azure Key Vault.
type KeyVaultParams struct {
	StoreParams
	Vault                  string // URL; "": a reference names its vault
	Tenant, ClientID       string // with Secret: instead of the environment's
	Secret                 Password
	clientID, tenant       string
	secret                 Password
	credential, authMethod string
}

// Define declares the parameters under the names that the Java classes have for them.
func (k *KeyVaultParams) Define(d *Def) {
	d.String(&k.Vault, "vault.url", "", "URL of the vault (https://name.vault.azure.net/). Without it, a reference names its vault.", Rank(High))
	d.String(&k.credential, "credential.type", "DefaultAzure", "How to sign in: with the managed identity or the AZURE_* variables of the environment, or with a client secret.",
		Check(func(raw string) error {
			switch raw {
			case "DefaultAzure", "ClientSecret":
				return nil
			case "ClientCertificate", "UsernamePassword":
				return said("not supported; DefaultAzure and ClientSecret are")
			}
			return said("String must be one of: DefaultAzure, ClientSecret")
		}))
	d.String(&k.Tenant, "tenant.id", "", "Tenant of the client.")
	d.String(&k.ClientID, "client.id", "", "Client that signs in; of a managed identity, the one that the user has assigned.")
	d.Password(&k.Secret, "client.secret", "", "Secret of the client.")
	d.String(&k.authMethod, "azure.auth.method", "", "The same as credential.type.", OneOf("", "default", "credentials"))
	d.String(&k.tenant, "azure.tenant.id", "", "The same as tenant.id.")
	d.String(&k.clientID, "azure.client.id", "", "The same as client.id.")
	d.Password(&k.secret, "azure.secret.id", "", "The same as client.secret.")
	k.define(d)
	d.Rule(func() (string, error) {
		for _, p := range []struct{ to, from *string }{{&k.Tenant, &k.tenant}, {&k.ClientID, &k.clientID}, {(*string)(&k.Secret), (*string)(&k.secret)}} {
			if *p.to == "" {
				*p.to = *p.from
			}
		}
		if k.credential == "ClientSecret" || k.authMethod == "credentials" || k.Secret != "" {
			if k.Tenant == "" || k.ClientID == "" || k.Secret == "" {
				return "client.secret", said("signing in with a client secret needs tenant.id, client.id and client.secret")
			}
		}
		return "", nil
	})
}
