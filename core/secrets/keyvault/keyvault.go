package keyvault

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/secrets"
)

// Provider is the config provider, for a catalog.
func Provider() config.ProviderPlugin {
	p := config.KeyVault()
	p.New = open
	return p
}

var open = secrets.PerProcess(New)

// Store reads secrets.
type Store struct {
	params config.KeyVaultParams
	vault  string // host of vault.url
	cache  *secrets.Cache
	http   *http.Client

	mu         sync.Mutex
	credential azcore.TokenCredential
	clients    map[string]*azsecrets.Client // by host
}

// New makes a provider from its parameters. It connects when it is first asked.
func New(params map[string]string) (*Store, error) {
	s := &Store{clients: map[string]*azsecrets.Client{}}
	if err := config.Parse(params, &s.params).Err(); err != nil {
		return nil, err
	}
	if s.params.Vault != "" {
		u, err := url.Parse(s.params.Vault)
		if err != nil || u.Host == "" || u.Scheme != "https" {
			return nil, fmt.Errorf("vault.url is not a URL of the form https://name.vault.azure.net/")
		}
		s.vault = u.Host
	}
	s.http = &http.Client{Timeout: time.Duration(s.params.Timeout) * time.Second}
	s.cache = secrets.NewCache(s.read)
	return s, nil
}

// Get returns the values of references: ${keyvault:vault:secret}, and with the parameter vault.url ${keyvault:secret} and
// ${keyvault:secret:key}.
func (s *Store) Get(ctx context.Context, path string, keys []string) (map[string]string, error) {
	return s.cache.Get(ctx, keys, func(key string) (secrets.Reference, error) { return s.reference(path, key) })
}

// reference reads a reference. Names of secrets have letters, digits and dashes only, so that a path with a dot in it is
// the host of a vault, whatever vault.url says.
func (s *Store) reference(path, key string) (secrets.Reference, error) {
	var r secrets.Reference
	var err error
	secret := key
	switch {
	case strings.Contains(path, "."):
		r.Store, r.Whole = path, true
	case s.vault == "" && path == "":
		return r, fmt.Errorf("the reference names no vault: write ${keyvault:vault:%s}, or set the parameter vault.url", key)
	case s.vault == "":
		r.Store, r.Whole = path+".vault.azure.net", true
	case path == "":
		r.Store, r.Whole = s.vault, true
	default:
		r.Store, secret = s.vault, path
		if r.Key, err = secrets.Options(key, &r.Name); err != nil {
			return r, err
		}
	}
	if secret, err = secrets.Options(secret, &r.Name); err != nil {
		return r, err
	}
	switch {
	case r.Stage != "":
		return r, fmt.Errorf("%s: versions of Key Vault have no stages", secret)
	case secret != "" && !isName(secret):
		return r, fmt.Errorf("%q is not the name of a secret: those have letters, digits and dashes", secret)
	case !isHost(r.Store):
		return r, fmt.Errorf("%q is not a vault", r.Store)
	case secret != "":
		r.Secret = s.params.Prefix + secret
	}
	return r, nil
}

func isName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// isHost says whether text can only be a host, so that a token never goes to a place that a path hides.
func isHost(text string) bool {
	u, err := url.Parse("https://" + text)
	return err == nil && u.Host == text && u.User == nil
}

func (s *Store) read(ctx context.Context, n secrets.Name) (string, error) {
	client, err := s.client(n.Store)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.params.Tries*s.params.Timeout)*time.Second)
	defer cancel()
	out, err := client.GetSecret(ctx, n.Secret, n.Version, nil)
	if err != nil {
		return "", classify(n, err)
	}
	if out.Value == nil {
		return "", fmt.Errorf("the secret %s has no value", n)
	}
	return *out.Value, nil
}

func (s *Store) client(host string) (*azsecrets.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clients[host]; c != nil {
		return c, nil
	}
	options := policy.ClientOptions{
		Transport: s.http,
		Retry:     policy.RetryOptions{MaxRetries: int32(min(s.params.Tries-1, 100)), RetryDelay: 100 * time.Millisecond, MaxRetryDelay: 500 * time.Millisecond},
	}
	if s.params.Tries == 1 {
		options.Retry.MaxRetries = -1 // 0 is the SDK's default
	}
	if s.credential == nil {
		var err error
		if s.credential, err = s.signIn(options); err != nil {
			return nil, fmt.Errorf("signing in to Azure: %w", err)
		}
	}
	c, err := azsecrets.NewClient("https://"+host, s.credential, &azsecrets.ClientOptions{ClientOptions: options})
	if err != nil {
		return nil, fmt.Errorf("the vault %s: %w", host, err)
	}
	s.clients[host] = c
	return c, nil
}

// signIn is a client secret if there is one, and the managed identity of the function otherwise.
func (s *Store) signIn(options policy.ClientOptions) (azcore.TokenCredential, error) {
	tenant, id, secret := s.params.Tenant, s.params.ClientID, string(s.params.Secret)
	if secret == "" && os.Getenv("AZURE_CLIENT_SECRET") != "" {
		tenant, id, secret = os.Getenv("AZURE_TENANT_ID"), os.Getenv("AZURE_CLIENT_ID"), os.Getenv("AZURE_CLIENT_SECRET")
	}
	if secret != "" {
		return azidentity.NewClientSecretCredential(tenant, id, secret, &azidentity.ClientSecretCredentialOptions{
			ClientOptions: options,
			// A vault in another tenant says so, and the client signs in there if it may.
			AdditionallyAllowedTenants: []string{"*"},
		})
	}
	o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
	if id == "" {
		id = os.Getenv("AZURE_CLIENT_ID")
	}
	if id != "" {
		o.ID = azidentity.ClientID(id)
	}
	return azidentity.NewManagedIdentityCredential(o)
}
