package azurefunc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/connectless/connectless/core/trigger"
)

const portVariable = "FUNCTIONS_CUSTOMHANDLER_PORT"

// Here says whether this process was started by the Azure Functions host.
func Here() bool { return os.Getenv(portVariable) != "" }

// Runner takes one event through a task.
type Runner func(ctx context.Context, decode trigger.Decode) trigger.Result

// maxBody bounds what a call may send; the host's own limit for gRPC and HTTP workers is 100 MB.
const maxBody = 128 << 20

// Handler answers the host's calls: GET for its health checks, POST /<function> with a batch. A successful answer is an
// empty object, because the host waits for ever for one that is empty or null. Each call gets timeout.
func Handler(run Runner, timeout time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodPost {
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			answer(w, fmt.Errorf("azurefunc: read the call: %w", err))
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		result := run(ctx, func(m *trigger.Messages, alloc func(int) []byte) error { return Decode(body, m, alloc) })
		err = result.Err
		if err == nil && len(result.Failed) > 0 {
			err = errors.New("azurefunc: records failed")
		}
		answer(w, err)
	})
}

func answer(w http.ResponseWriter, err error) {
	if err == nil {
		_, _ = io.WriteString(w, "{}") // a host that is gone calls again
		return
	}
	w.WriteHeader(http.StatusInternalServerError)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
}

// Serve answers calls until ctx ends; running ones are then finished.
func Serve(ctx context.Context, run Runner) error {
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv(portVariable))
	if err != nil {
		return fmt.Errorf("azurefunc: %w", err)
	}
	timeout, err := functionTimeout(os.Getenv("FUNCTIONS_APP_ROOT_PATH"))
	if err != nil {
		return err
	}
	s := &http.Server{Handler: Handler(run, timeout), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("azurefunc: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err := s.Shutdown(grace); err != nil {
		return fmt.Errorf("azurefunc: %w", err)
	}
	return nil
}

// defaultTimeout is the host's for a Flex Consumption plan whose host.json names none; less, because a call that the host
// has given up on is a call in vain.
const defaultTimeout = 5 * time.Minute

// functionTimeout reads how long a call may take from host.json, "hh:mm:ss".
func functionTimeout(root string) (time.Duration, error) {
	if root == "" {
		root = "."
	}
	b, err := os.ReadFile(filepath.Join(root, "host.json"))
	if errors.Is(err, os.ErrNotExist) {
		return defaultTimeout, nil
	}
	if err != nil {
		return 0, fmt.Errorf("azurefunc: %w", err)
	}
	var host struct{ FunctionTimeout string }
	if err := json.Unmarshal(b, &host); err != nil {
		return 0, fmt.Errorf("azurefunc: host.json: %w", err)
	}
	if host.FunctionTimeout == "" || host.FunctionTimeout == "-1" {
		return defaultTimeout, nil
	}
	parts := strings.Split(host.FunctionTimeout, ":")
	var seconds int
	for _, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || len(parts) != 3 || n < 0 {
			return 0, fmt.Errorf("azurefunc: host.json: functionTimeout %q is not hh:mm:ss", host.FunctionTimeout)
		}
		seconds = seconds*60 + n
	}
	return time.Duration(seconds) * time.Second, nil
}
