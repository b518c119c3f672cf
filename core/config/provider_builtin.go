package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// env reads environment variables (KIP-887).
type env struct{ allowed *regexp.Regexp }

func newEnv(params map[string]string) (Provider, error) {
	pattern, ok := params["allowlist.pattern"]
	if !ok {
		return env{}, nil
	}
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("allowlist.pattern: %w", err)
	}
	return env{re}, nil
}

func (e env) Get(_ context.Context, path string, keys []string) (map[string]string, error) {
	if path != "" {
		return nil, errors.New("an environment variable has no path")
	}
	values := map[string]string{}
	for _, key := range keys {
		if e.allowed != nil && !e.allowed.MatchString(key) {
			return nil, fmt.Errorf("%s does not match allowlist.pattern", key)
		}
		if v, ok := os.LookupEnv(key); ok {
			values[key] = v
		}
	}
	return values, nil
}

// paths limits what files may be read (KIP-993); nil limits nothing.
type paths []string

func allowedPaths(params map[string]string) (paths, error) {
	var allowed paths
	for _, p := range SplitList(params["allowed.paths"]) {
		if !filepath.IsAbs(p) {
			return nil, fmt.Errorf("allowed.paths: %s is not absolute", p)
		}
		allowed = append(allowed, filepath.Clean(p))
	}
	return allowed, nil
}

func (a paths) check(path string) error {
	if path == "" {
		return errors.New("the reference has no path")
	}
	if a == nil {
		return nil
	}
	path = filepath.Clean(path)
	for _, p := range a {
		if path == p || strings.HasPrefix(path, strings.TrimSuffix(p, string(filepath.Separator))+string(filepath.Separator)) {
			return nil
		}
	}
	return fmt.Errorf("%s is outside of allowed.paths", path)
}

// file reads keys of properties files.
type file struct{ allowed paths }

func newFile(params map[string]string) (Provider, error) {
	allowed, err := allowedPaths(params)
	return file{allowed}, err
}

func (f file) Get(_ context.Context, path string, keys []string) (map[string]string, error) {
	if err := f.allowed.check(path); err != nil {
		return nil, err
	}
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	all, err := ReadProperties(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	values := map[string]string{}
	for _, key := range keys {
		if v, ok := all[key]; ok {
			values[key] = v
		}
	}
	return values, nil
}

// dir reads files of a directory, as Kubernetes mounts secrets. The content is not trimmed; keys that are no file names
// of that directory do not exist.
type dir struct{ allowed paths }

func newDir(params map[string]string) (Provider, error) {
	allowed, err := allowedPaths(params)
	return dir{allowed}, err
}

func (d dir) Get(_ context.Context, path string, keys []string) (map[string]string, error) {
	if err := d.allowed.check(path); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", path)
	}
	values := map[string]string{}
	for _, key := range keys {
		if key == "" || key != filepath.Base(key) || key == "." || key == ".." {
			continue
		}
		b, err := os.ReadFile(filepath.Join(path, key))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		default:
			values[key] = string(b)
		}
	}
	return values, nil
}
