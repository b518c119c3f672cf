package secrets

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/connectless/connectless/core/config"
)

// Read reads one secret from its store. An error says what to do about it, holds nothing of the secret, and is marked
// [config.Passing] if another try may help.
type Read func(ctx context.Context, n Name) (string, error)

// A Cache keeps secrets for a moment: long enough that clients which open at the same time after a failure ask the store
// once, and too short to give them what has been replaced. It is safe for concurrent use, and reads one secret at a time.
type Cache struct {
	read Read
	now  func() time.Time

	mu   sync.Mutex
	held map[Name]held
}

type held struct {
	text config.Password
	at   time.Time
}

// fresh is the moment for which a secret is kept.
const fresh = 2 * time.Second

// NewCache returns an empty cache in front of read.
func NewCache(read Read) *Cache {
	return &Cache{read: read, now: time.Now, held: map[Name]held{}}
}

func (c *Cache) get(ctx context.Context, n Name) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h, ok := c.held[n]; ok && c.now().Sub(h.at) < fresh {
		return string(h.text), nil
	}
	text, err := c.read(ctx, n)
	if err != nil {
		delete(c.held, n)
		return "", err
	}
	c.held[n] = held{config.Password(text), c.now()}
	return text, nil
}

// Get is what a [config.Provider] answers: the values of keys, each of which parse reads as a reference. Each secret is
// read once. What fails is in a [config.KeyErrors]; a key that is not in its secret is in neither.
func (c *Cache) Get(ctx context.Context, keys []string, parse func(key string) (Reference, error)) (map[string]string, error) {
	values, failed := map[string]string{}, config.KeyErrors{}
	type answer struct {
		text string
		err  error
	}
	answers := map[Name]answer{}
	for _, key := range keys {
		ref, err := parse(key)
		if err == nil && ref.Secret == "" {
			err = errNoName
		}
		if err != nil {
			failed[key] = err
			continue
		}
		a, known := answers[ref.Name]
		if !known {
			a.text, a.err = c.get(ctx, ref.Name)
			answers[ref.Name] = a
		}
		if a.err != nil {
			failed[key] = a.err
			continue
		}
		switch value, ok, err := ref.in(a.text); {
		case err != nil:
			failed[key] = err
		case ok:
			values[key] = value
		}
	}
	if len(failed) > 0 {
		return values, failed
	}
	return values, nil
}

// in finds the reference's value in its secret's text. Strings are given as they are, other values as their JSON.
func (r Reference) in(text string) (value string, ok bool, err error) {
	switch {
	case r.Whole && r.Base64:
		return base64.StdEncoding.EncodeToString([]byte(text)), true, nil
	case !utf8.ValidString(text):
		return "", false, fmt.Errorf("the secret %s is binary: refer to all of it, with the parameter RawSecretEncoding=base64", r.Name)
	case r.Whole:
		return text, true, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil || members == nil {
		return "", false, fmt.Errorf("the secret %s is not a JSON object, so it has no key %s: refer to it without a key to get all of it", r.Name, r.Key)
	}
	raw, ok := members[r.Key]
	if !ok || string(raw) == "null" {
		return "", false, nil
	}
	if raw[0] != '"' {
		return string(raw), true, nil
	}
	err = json.Unmarshal(raw, &value)
	return value, true, err
}

// Unreachable is an error of a request that had no answer. Of what an SDK has to say it keeps the last part, which is how
// the connection failed; whole requests come before it.
func Unreachable(store string, err error) error {
	text := err.Error()
	for e := err; e != nil; e = errors.Unwrap(e) {
		text = e.Error()
	}
	text, _, _ = strings.Cut(text, "\n")
	return config.Passing(fmt.Errorf("%s is out of reach: %s", store, text))
}
