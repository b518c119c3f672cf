// Package registrytest is a schema registry for tests: franz-go's fake, which takes any schema, with Avro's compatibility
// rules and switches for what goes wrong. It does not check the compatibility of other formats.
package registrytest

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/connectless/connectless/core/convert/avro/avroschema"
)

// Registry is a schema registry that listens on this machine. It is safe for concurrent use.
type Registry struct {
	fake *srfake.Registry

	mu       sync.Mutex
	levels   map[string]sr.CompatibilityLevel
	status   int
	requests []string
	auth     func(*http.Request) bool
}

// New starts a registry that stops with the test. Its compatibility level is BACKWARD, as a registry's is by default.
func New(t testing.TB) *Registry {
	r := &Registry{fake: srfake.New(), levels: map[string]sr.CompatibilityLevel{}}
	t.Cleanup(r.fake.Close)
	r.fake.Intercept(r.intercept)
	return r
}

// URL is where the registry listens.
func (r *Registry) URL() string { return r.fake.URL() }

// Close stops the registry: it cannot be reached any more.
func (r *Registry) Close() { r.fake.Close() }

// Fail makes every request fail with an HTTP status; 0 ends that.
func (r *Registry) Fail(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// Authorize refuses requests for which allowed is false.
func (r *Registry) Authorize(allowed func(*http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.auth = allowed
}

// SetCompatibility sets a subject's level.
func (r *Registry) SetCompatibility(subject string, level sr.CompatibilityLevel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.levels[subject] = level
}

// Register adds a schema to a subject without a check.
func (r *Registry) Register(subject, text string, references ...sr.SchemaReference) (id, version int, err error) {
	return r.fake.RegisterSchema(subject, sr.Schema{Schema: text, References: references})
}

// Requests are the method and path of all requests so far.
func (r *Registry) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.requests...)
}

func (r *Registry) intercept(w http.ResponseWriter, req *http.Request) (handled bool) {
	r.mu.Lock()
	status, auth := r.status, r.auth
	r.requests = append(r.requests, req.Method+" "+req.URL.RequestURI())
	r.mu.Unlock()
	if auth != nil && !auth(req) {
		answer(w, http.StatusUnauthorized, http.StatusUnauthorized, "Unauthorized")
		return true
	}
	if status != 0 {
		answer(w, status, status, http.StatusText(status))
		return true
	}
	subject, registers := strings.CutPrefix(req.URL.Path, "/subjects/")
	subject, registers2 := strings.CutSuffix(subject, "/versions")
	if req.Method != http.MethodPost || !registers || !registers2 {
		return false
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return false
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	var s sr.Schema
	if json.Unmarshal(body, &s) != nil || s.Type != sr.TypeAvro {
		return false
	}
	given, err := r.parse(s)
	if err != nil {
		answer(w, http.StatusUnprocessableEntity, sr.ErrInvalidSchema.Code, "Invalid schema: "+err.Error())
		return true
	}
	if why := r.incompatible(subject, given); why != nil {
		answer(w, http.StatusConflict, http.StatusConflict, fmt.Sprintf("Schema being registered is incompatible with an earlier schema for subject %q, details: [%s]", subject, why))
		return true
	}
	return false
}

func answer(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error_code": code, "message": message}) // the client is gone otherwise
}

// incompatible says why a schema does not go with those the subject has.
func (r *Registry) incompatible(subject string, given *avroschema.Schema) error {
	r.mu.Lock()
	level, set := r.levels[subject]
	r.mu.Unlock()
	if !set {
		level = sr.CompatBackward
	}
	var earlier []*avroschema.Schema
	for version := 1; ; version++ {
		has, ok := r.fake.GetSchema(subject, version)
		if !ok {
			break
		}
		if old, err := r.parse(has.Schema); err == nil {
			earlier = append(earlier, old)
		}
	}
	switch level {
	case sr.CompatBackward, sr.CompatForward, sr.CompatFull:
		earlier = earlier[max(0, len(earlier)-1):]
	}
	for _, old := range earlier {
		var errs [2]error
		switch level {
		case sr.CompatBackward, sr.CompatBackwardTransitive:
			errs[0] = avroschema.CanRead(given, old)
		case sr.CompatForward, sr.CompatForwardTransitive:
			errs[1] = avroschema.CanRead(old, given)
		case sr.CompatFull, sr.CompatFullTransitive:
			errs[0], errs[1] = avroschema.CanRead(given, old), avroschema.CanRead(old, given)
		}
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// parse reads a schema after those it refers to.
func (r *Registry) parse(s sr.Schema) (*avroschema.Schema, error) {
	var known []*avroschema.Schema
	for _, ref := range s.References {
		has, ok := r.fake.GetSchema(ref.Subject, ref.Version)
		if !ok {
			return nil, fmt.Errorf("no version %d of %s", ref.Version, ref.Subject)
		}
		of, err := r.parse(has.Schema)
		if err != nil {
			return nil, err
		}
		known = append(known, of)
	}
	return avroschema.Parse([]byte(s.Schema), avroschema.Options{Known: known, CheckDefaults: true})
}

// Handler is the registry without its listener, to put something before it.
func (r *Registry) Handler() http.Handler { return r.fake.Handler() }

// PEM is a certificate as text, to trust it.
func PEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}
