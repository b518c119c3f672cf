package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/secrets"
)

// Provider is the config provider, for a catalog.
func Provider() config.ProviderPlugin {
	p := config.SecretsManager()
	p.New = open
	return p
}

var open = secrets.PerProcess(New)

// Store reads secrets.
type Store struct {
	params config.SecretsManagerParams
	cache  *secrets.Cache
	http   sdk.HTTPClient

	mu      sync.Mutex
	clients map[string]*sdk.Client // by region
}

// New makes a provider from its parameters. It connects when it is first asked.
func New(params map[string]string) (*Store, error) {
	s := &Store{clients: map[string]*sdk.Client{}}
	if err := config.Parse(params, &s.params).Err(); err != nil {
		return nil, err
	}
	s.cache = secrets.NewCache(s.read)
	s.http = &http.Client{Timeout: time.Duration(s.params.Timeout) * time.Second}
	return s, nil
}

// Get returns the values of references with a path, which names a secret, or without, when their keys do.
func (s *Store) Get(ctx context.Context, path string, keys []string) (map[string]string, error) {
	return s.cache.Get(ctx, keys, func(key string) (secrets.Reference, error) { return s.reference(path, key) })
}

// arnParts is how many parts between colons an ARN of a secret has: arn:aws:secretsmanager:region:account:secret:name.
const arnParts = 7

// reference reads a reference. The path of an ARN that is written out ends at its first colon, so the key has the rest.
func (s *Store) reference(path, key string) (secrets.Reference, error) {
	r := secrets.Reference{Base64: s.params.Base64}
	secret := path
	switch {
	case path == "arn":
		parts := strings.SplitN("arn:"+key, ":", arnParts+1)
		if len(parts) < arnParts {
			return r, fmt.Errorf("arn:%s is not the ARN of a secret, arn:aws:secretsmanager:region:account:secret:name", key)
		}
		secret, r.Whole = strings.Join(parts[:arnParts], ":"), len(parts) == arnParts
		if !r.Whole {
			r.Key = parts[arnParts]
		}
	case path == "":
		secret, r.Whole = key, true
	default:
		r.Key = key
	}
	var err error
	if r.Key, err = secrets.Options(r.Key, &r.Name); err != nil {
		return r, err
	}
	if r.Secret, err = secrets.Options(secret, &r.Name); err != nil {
		return r, err
	}
	if strings.Contains(r.Secret, "%") { // no name has it: an ARN with its colons encoded, as Java's providers want it
		if r.Secret, err = url.PathUnescape(r.Secret); err != nil {
			return r, fmt.Errorf("%s: what follows the %% sign is no encoded character", secret)
		}
	}
	if strings.HasPrefix(r.Secret, "arn:") {
		parts := strings.Split(r.Secret, ":")
		if len(parts) != arnParts {
			return r, fmt.Errorf("%s is not the ARN of a secret, arn:aws:secretsmanager:region:account:secret:name", r.Secret)
		}
		r.Store = parts[3]
	} else if r.Secret != "" {
		r.Store, r.Secret = s.region(), s.params.Prefix+r.Secret
	}
	return r, nil
}

func (s *Store) region() string {
	for _, region := range []string{s.params.Region, os.Getenv("AWS_REGION")} {
		if region != "" {
			return region
		}
	}
	return os.Getenv("AWS_DEFAULT_REGION")
}

func (s *Store) read(ctx context.Context, n secrets.Name) (string, error) {
	if n.Store == "" {
		return "", errors.New("no region is known: set AWS_REGION, or the parameter aws.region")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.params.Tries*s.params.Timeout)*time.Second)
	defer cancel()
	in := &sdk.GetSecretValueInput{SecretId: &n.Secret}
	if n.Version != "" {
		in.VersionId = &n.Version
	}
	if n.Stage != "" {
		in.VersionStage = &n.Stage
	}
	out, err := s.client(n.Store).GetSecretValue(ctx, in)
	if err != nil {
		return "", classify(n, err)
	}
	if out.SecretString != nil {
		return *out.SecretString, nil
	}
	return string(out.SecretBinary), nil
}

func (s *Store) client(region string) *sdk.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clients[region]; c != nil {
		return c
	}
	o := sdk.Options{
		Region:      region,
		Credentials: aws.CredentialsProviderFunc(s.credentials),
		HTTPClient:  s.http,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = s.params.Tries, 500*time.Millisecond
		}),
	}
	if s.params.Endpoint != "" {
		o.BaseEndpoint = &s.params.Endpoint
	}
	s.clients[region] = sdk.New(o)
	return s.clients[region]
}

// credentials are the parameters' or the environment's, in which Lambda puts those of the function's role.
func (s *Store) credentials(context.Context) (aws.Credentials, error) {
	c := aws.Credentials{AccessKeyID: s.params.AccessKey, SecretAccessKey: string(s.params.SecretKey), Source: "parameters"}
	if c.AccessKeyID == "" {
		c = aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
			SessionToken: os.Getenv("AWS_SESSION_TOKEN"), Source: "environment"}
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return aws.Credentials{}, errNoCredentials
	}
	return c, nil
}

var errNoCredentials = errors.New("there are no AWS credentials: give the function a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
