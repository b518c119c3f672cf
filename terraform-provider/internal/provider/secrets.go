package provider

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// sealed remembers write-only values in Terraform's private state without keeping them: by a hash each, slow enough that
// guessing a weak password from a stolen state is work.
type sealed struct {
	Salt   []byte            `json:"salt"`
	Hashes map[string][]byte `json:"hashes"` // by key
}

const (
	sealedKey  = "config_wo" // in private state
	hashRounds = 100_000
)

func seal(values map[string]string) (*sealed, error) {
	s := &sealed{Salt: make([]byte, 16), Hashes: map[string][]byte{}}
	_, _ = rand.Read(s.Salt) // never fails
	for key, value := range values {
		h, err := s.hash(value)
		if err != nil {
			return nil, err
		}
		s.Hashes[key] = h
	}
	return s, nil
}

func (s *sealed) hash(value string) ([]byte, error) {
	h, err := pbkdf2.Key(sha256.New, value, s.Salt, hashRounds, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("provider: hash a write-only value: %w", err)
	}
	return h, nil
}

// changed lists the keys whose values are not those that were sealed. A value that is hidden cannot be compared.
func (s *sealed) changed(props map[string]string) ([]string, error) {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(s.Hashes)) {
		value, given := props[key]
		if value == hidden {
			continue
		}
		h, err := s.hash(value)
		if err != nil {
			return nil, err
		}
		if !given || subtle.ConstantTimeCompare(h, s.Hashes[key]) == 0 {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (s *sealed) encode() ([]byte, error) { return json.Marshal(s) }

// unseal reads what encode wrote; nothing is nothing sealed.
func unseal(text []byte) (*sealed, error) {
	s := &sealed{}
	if len(text) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("provider: private state: %w", err)
	}
	return s, nil
}
