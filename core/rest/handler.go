package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// maxBody is the limit of a request's body, in bytes. Kafka's worker keeps a configuration in one record of its topic,
// whose default limit is 1 MiB.
const maxBody = 1 << 20

// Handler is the API. Each request becomes a line of the log: method, path, status, duration, and what is behind an error.
// Bodies and queries do not, because configurations hold secrets.
func Handler(h Herder, log *slog.Logger) http.Handler {
	a := &api{herder: h}
	mux := http.NewServeMux()
	for pattern, methods := range a.routes() {
		mux.Handle(pattern, methods)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, errNoPath) })
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, errCrossSite) }))
	return logged(log, guard.Handler(tidy(mux)))
}

type api struct{ herder Herder }

// An answer is a status and what goes with it.
type answer struct {
	code     int
	location string
	body     any // nil for none
}

func ok(body any) *answer { return &answer{code: http.StatusOK, body: body} }

// A method answers a request.
type method func(*http.Request) (*answer, error)

// methods are what a path can be asked.
type methods map[string]method

func (a *api) routes() map[string]methods {
	const (
		get, put, post, patch, del = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete
		one                        = "/connectors/{name}"
	)
	return map[string]methods{
		"/{$}":                          {get: a.root},
		"/health":                       {get: a.health},
		"/connectors":                   {get: a.list, post: a.create},
		one:                             {get: a.info, del: a.remove},
		one + "/config":                 {get: a.config, put: a.put, patch: a.patch},
		one + "/status":                 {get: a.status},
		one + "/tasks":                  {get: a.tasks},
		one + "/tasks-config":           {get: a.tasksConfig},
		one + "/tasks/{task}/status":    {get: a.taskStatus},
		one + "/tasks/{task}/restart":   {post: a.restartTask},
		one + "/pause":                  {put: a.target(Paused, http.StatusAccepted)},
		one + "/resume":                 {put: a.target(Running, http.StatusAccepted)},
		one + "/stop":                   {put: a.target(Stopped, http.StatusNoContent)},
		one + "/restart":                {post: a.restart},
		one + "/offsets":                {get: a.offsets, patch: a.alterOffsets, del: a.resetOffsets},
		one + "/topics":                 {get: a.topics},
		one + "/topics/reset":           {put: a.resetTopics},
		"/connector-plugins":            {get: a.plugins},
		pluginPath + "/config":          {get: a.pluginKeys},
		pluginPath + "/config/validate": {put: a.validate},
		"/admin/loggers":                {get: a.loggers},
		"/admin/loggers/{logger}":       {get: a.logger, put: a.setLevel},
	}
}

const pluginPath = "/connector-plugins/{plugin}"

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.Method
	if name == http.MethodHead { // net/http leaves the body out
		name = http.MethodGet
	}
	f, found := m[name]
	if !found {
		w.Header().Set("Allow", m.allow())
		refuse(w, errNoMethod)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	a, err := f(r)
	if err != nil {
		note(w, err)
		refuse(w, asError(err))
		return
	}
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	write(w, a.code, a.body)
}

// allow is the header that goes with 405.
func (m methods) allow() string {
	var names []string
	for _, name := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		if _, found := m[name]; found {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func refuse(w http.ResponseWriter, e *Error) {
	write(w, e.Code, struct {
		Code    int    `json:"error_code"`
		Message string `json:"message"`
	}{e.Code, e.Message})
}

func write(w http.ResponseWriter, code int, body any) {
	if body == nil {
		w.WriteHeader(code)
		return
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil { // of what a Herder returned only Offset can hold what JSON has no form for
		note(w, err)
		refuse(w, &Error{Code: http.StatusInternalServerError, Message: fmt.Sprintf("the answer cannot be written as JSON: %v", err)})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// What cannot be sent is a client that went away.
	_, _ = w.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

// tidy makes /connectors/ the same as /connectors. A path with empty segments or dots is none of the API's; http.ServeMux
// would send the client elsewhere.
func tidy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; len(p) > 1 && strings.HasSuffix(p, "/") {
			u := *r.URL
			u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
			r2 := *r
			r2.URL = &u
			r = &r2
		}
		if p := r.URL.EscapedPath(); path.Clean(p) != p {
			refuse(w, errNoPath)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// flag reads a parameter as Java's Boolean.valueOf does.
func flag(q url.Values, name string) bool { return strings.EqualFold(q.Get(name), "true") }

// taskNumber is an error of the path when it is not a number, as for Kafka.
func taskNumber(r *http.Request) (int, error) {
	n, err := strconv.ParseInt(r.PathValue("task"), 10, 32)
	if err != nil {
		return 0, errNoPath
	}
	return int(n), nil
}

func (a *api) root(*http.Request) (*answer, error) { return ok(a.herder.Worker()), nil }

func (a *api) health(*http.Request) (*answer, error) {
	code, status, message := http.StatusOK, "healthy", "Worker has completed startup and is ready to handle requests."
	switch err := a.herder.Ready(); err {
	case nil:
	case ErrStarting:
		code, status, message = http.StatusServiceUnavailable, "starting", "Worker is still starting up."
	default:
		code, status, message = http.StatusInternalServerError, "unhealthy", "Worker was unable to handle this request and may be unable to handle other requests."
	}
	return &answer{code: code, body: struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	}{status, message}}, nil
}

// logged writes a line for every request.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(rec, r)
		level := slog.LevelDebug
		switch {
		case rec.code >= 500:
			level = slog.LevelWarn
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			level = slog.LevelInfo
		}
		attrs := []slog.Attr{slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", rec.code), slog.Duration("took", time.Since(start))}
		if rec.err != nil {
			attrs = append(attrs, slog.String("cause", rec.err.Error()))
		}
		log.LogAttrs(r.Context(), level, "request", attrs...)
	})
}

// recorder remembers what the log has to tell.
type recorder struct {
	http.ResponseWriter
	code int
	err  error
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController and http.MaxBytesReader reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// note keeps what is behind an answer for the log. The message itself is the client's: a refused value stands in it.
func note(w http.ResponseWriter, err error) {
	if r, ok := w.(*recorder); ok {
		if e, ok := err.(*Error); ok {
			err = e.Err
		}
		r.err = err
	}
}
