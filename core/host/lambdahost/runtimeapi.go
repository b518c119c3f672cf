package lambdahost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/connectless/connectless/core/host"
)

// maxErrorBody bounds what is read of a posted error.
const maxErrorBody = 1 << 20

// handler is the Runtime API of one environment (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) and
// as much of the Extensions API as a process needs to be told about its shutdown.
func (e *environment) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", e.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", e.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", e.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", e.initFailure)
	mux.HandleFunc("POST /2020-01-01/extension/register", e.register)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", e.extensionNext)
	return mux
}

// next ends the invocation before it and blocks until there is another one.
func (e *environment) next(w http.ResponseWriter, r *http.Request) {
	if err := e.becomeIdle(); err != nil {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", err.Error())
		return
	}
	var inv *invocation
	select {
	case inv = <-e.work:
	case <-r.Context().Done(): // the process is gone, or will ask again
		e.mu.Lock()
		e.waiting = false
		e.mu.Unlock()
		return
	}
	defer close(inv.sent)
	e.mu.Lock()
	e.waiting = false
	e.mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(inv.event)))
	h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", e.f.cfg.arn())
	h.Set("Lambda-Runtime-Trace-Id", traceID(inv))
	w.Write(inv.event) // an error means that the process is gone, which exited tells
}

// becomeIdle offers the environment for work.
func (e *environment) becomeIdle() error {
	e.mu.Lock()
	if e.current != nil {
		e.mu.Unlock()
		return fmt.Errorf("invocation %s has no answer yet", e.current.id)
	}
	if e.waiting || e.postedInit != nil {
		e.mu.Unlock()
		return errors.New("the runtime already waits for an invocation or has failed to start")
	}
	e.waiting = true
	if e.killer != nil {
		e.killer.Stop()
		e.killer = nil
	}
	first := !e.isReady()
	if first {
		e.initTook = time.Since(e.spawned)
	}
	initTook := e.initTook
	sample := time.Since(e.sampled) > 100*time.Millisecond
	e.mu.Unlock()
	if sample {
		e.memory()
	}

	e.f.mu.Lock()
	defer e.f.mu.Unlock()
	if first {
		e.f.stats.ColdStarts++
		e.f.hist.init.add(initTook)
		close(e.ready)
	}
	e.f.offer(e)
	return nil
}

func (e *environment) response(w http.ResponseWriter, r *http.Request) {
	inv := e.answering(w, r)
	if inv == nil {
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, host.MaxResponseBytes+1))
	switch {
	case err != nil:
		e.answer(inv, answer{err: &host.FunctionError{Type: "Runtime.TruncatedResponse", Message: err.Error(), RequestID: inv.id}})
		refuse(w, http.StatusBadRequest, "Runtime.TruncatedResponse", err.Error())
		return
	case len(body) > host.MaxResponseBytes:
		msg := fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", host.MaxResponseBytes)
		e.answer(inv, answer{err: &host.FunctionError{Type: host.ErrorTypeResponseTooLarge, Message: msg, RequestID: inv.id}})
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", msg)
		return
	}
	a := answer{body: body}
	// A runtime that streams reports a failure after the body has begun in the trailer.
	if t := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); t != "" {
		a = answer{err: &host.FunctionError{Type: t, Message: "the response ended with an error", RequestID: inv.id}}
	}
	e.answer(inv, a)
	accept(w)
}

func (e *environment) failure(w http.ResponseWriter, r *http.Request) {
	inv := e.answering(w, r)
	if inv == nil {
		return
	}
	p := readPosted(r)
	e.answer(inv, answer{err: &host.FunctionError{Type: p.Type, Message: p.Message, StackTrace: p.StackTrace, RequestID: inv.id}})
	accept(w)
}

func (e *environment) initFailure(w http.ResponseWriter, r *http.Request) {
	if e.isReady() {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "initialisation is over")
		return
	}
	p := readPosted(r)
	e.mu.Lock()
	e.postedInit = &host.InitError{Type: p.Type, Message: p.Message}
	e.mu.Unlock()
	accept(w)
	time.AfterFunc(e.f.cfg.ShutdownGrace, e.kill) // it is expected to exit by itself
}

// answering returns the invocation the request is about, or refuses it.
func (e *environment) answering(w http.ResponseWriter, r *http.Request) *invocation {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == nil || e.current.id != r.PathValue("id") || e.waiting {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "no such invocation in progress")
		return nil
	}
	return e.current
}

// answer ends the invocation for its caller. The process may go on until it asks for more, but not past the deadline.
func (e *environment) answer(inv *invocation, a answer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current != inv {
		return // answered twice at the same time: the first counts
	}
	e.current = nil
	e.killer = time.AfterFunc(time.Until(inv.deadline), e.kill)
	inv.answer <- a
}

func (e *environment) register(w http.ResponseWriter, r *http.Request) {
	var req struct{ Events []string }
	if err := json.NewDecoder(io.LimitReader(r.Body, maxErrorBody)).Decode(&req); err != nil {
		refuse(w, http.StatusBadRequest, "Extension.InvalidRequest", err.Error())
		return
	}
	if len(req.Events) > 0 {
		refuse(w, http.StatusForbidden, "Extension.NotSupported", "this host sends no extension events; register without any to receive SIGTERM")
		return
	}
	e.mu.Lock()
	e.extension = true
	e.mu.Unlock()
	w.Header().Set("Lambda-Extension-Identifier", newUUID())
	writeJSON(w, http.StatusOK, map[string]string{
		"functionName": e.f.cfg.Name, "functionVersion": "$LATEST", "handler": e.f.cfg.Handler,
	})
}

// extensionNext never answers: an extension without events has nothing to be told.
func (e *environment) extensionNext(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
}

type posted struct {
	Type       string          `json:"errorType"`
	Message    string          `json:"errorMessage"`
	StackTrace json.RawMessage `json:"stackTrace"`
}

// readPosted reads an error report. One that is not the documented object is kept as the message.
func readPosted(r *http.Request) posted {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxErrorBody))
	if err != nil {
		return posted{Type: "Runtime.TruncatedResponse", Message: err.Error()}
	}
	var p posted
	if json.Unmarshal(body, &p) != nil {
		p = posted{Message: string(body)}
	}
	if p.Type == "" {
		p.Type = r.Header.Get("Lambda-Runtime-Function-Error-Type")
	}
	return p
}

func accept(w http.ResponseWriter) {
	writeJSON(w, http.StatusAccepted, map[string]string{"status": "OK"})
}

func refuse(w http.ResponseWriter, status int, errorType, message string) {
	writeJSON(w, status, map[string]string{"errorType": errorType, "errorMessage": message})
}

func writeJSON(w http.ResponseWriter, status int, v map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // an error means that the process is gone
}

// traceID is an X-Ray header that asks for no sampling.
func traceID(inv *invocation) string {
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", inv.deadline.Unix(), inv.id[:8]+inv.id[24:36]+inv.id[9:13], inv.id[24:36]+inv.id[14:18])
}
