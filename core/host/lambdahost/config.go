package lambdahost

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/connectless/connectless/core/host"
)

// Config describes a function. Name and Path are required, the rest has defaults.
type Config struct {
	Name string // the function's name, part of its ARN
	Path string // the executable; a relative path is relative to the current directory
	Args []string

	TaskRoot string            // working directory and LAMBDA_TASK_ROOT; default the directory of Path
	Env      map[string]string // added to the variables Lambda sets; a variable that Lambda reserves is an error
	Handler  string            // _HANDLER; default "bootstrap"
	Region   string            // default us-east-1

	MemoryMB       int           // 128 to 10240, default 128; told to the function and used for GB-seconds, not enforced
	Timeout        time.Duration // 1 s to 15 min, default 3 s, as Lambda
	MaxConcurrency int           // execution environments at most; default 10

	InitTimeout   time.Duration // from process start to its first request for work; default 10 s, Lambda's
	ShutdownGrace time.Duration // from SIGTERM to SIGKILL; default 500 ms, Lambda's for internal extensions
	CrashBackoff  host.Backoff  // delay before a process is started after others crashed; default 100 ms to 30 s; a success resets it

	// Log receives what the processes write, line by line, one call at a time. Nil drops it.
	Log func(LogLine)
}

// LogLine is one line a process wrote. A line longer than 256 KiB arrives in pieces.
type LogLine struct {
	Time        time.Time
	Environment int    // which process, counted from 1 in the order of starts
	Stream      string // "stdout" or "stderr"
	RequestID   string // the invocation in progress; empty during initialisation and between invocations
	Text        string // without the newline
}

func (c Config) withDefaults() (Config, error) {
	if c.Name == "" {
		return c, errors.New("lambdahost: the function has no name")
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return c, fmt.Errorf("lambdahost: %s: %w", c.Name, err)
	}
	if fi, err := os.Stat(path); err != nil {
		return c, fmt.Errorf("lambdahost: %s: executable: %w", c.Name, err)
	} else if fi.IsDir() {
		return c, fmt.Errorf("lambdahost: %s: executable: %s is a directory", c.Name, c.Path)
	}
	c.Path = path
	setDefault(&c.TaskRoot, filepath.Dir(path))
	setDefault(&c.Handler, "bootstrap")
	setDefault(&c.Region, "us-east-1")
	setDefault(&c.MemoryMB, 128)
	setDefault(&c.Timeout, 3*time.Second)
	setDefault(&c.MaxConcurrency, 10)
	setDefault(&c.InitTimeout, 10*time.Second)
	setDefault(&c.ShutdownGrace, 500*time.Millisecond)
	setDefault(&c.CrashBackoff, host.Backoff{Min: 100 * time.Millisecond, Max: 30 * time.Second})
	if c.Log == nil {
		c.Log = func(LogLine) {}
	}

	switch {
	case c.MemoryMB < 128 || c.MemoryMB > 10240:
		return c, fmt.Errorf("lambdahost: %s: memory %d MB is outside Lambda's 128 to 10240", c.Name, c.MemoryMB)
	case c.Timeout < time.Second || c.Timeout > 15*time.Minute:
		return c, fmt.Errorf("lambdahost: %s: timeout %s is outside Lambda's 1s to 15m", c.Name, c.Timeout)
	case c.MaxConcurrency < 1:
		return c, fmt.Errorf("lambdahost: %s: maximum concurrency %d is less than 1", c.Name, c.MaxConcurrency)
	}
	for k := range c.Env {
		if slices.Contains(reserved, k) {
			return c, fmt.Errorf("lambdahost: %s: environment variable %s is set by Lambda itself", c.Name, k)
		}
	}
	return c, nil
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// reserved are the variables of Lambda's list that this host sets. The credentials on that list are not here: the local
// function has no role that would provide them.
var reserved = []string{
	"_HANDLER", "AWS_REGION", "AWS_DEFAULT_REGION",
	"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
	"AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
	"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}

// environ is what a process of the function finds in its environment
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
func (c Config) environ(runtimeAPI, logStream string) []string {
	env := []string{
		"_HANDLER=" + c.Handler,
		"AWS_REGION=" + c.Region,
		"AWS_DEFAULT_REGION=" + c.Region,
		"AWS_LAMBDA_FUNCTION_NAME=" + c.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(c.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + c.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME=" + logStream,
		"AWS_LAMBDA_RUNTIME_API=" + runtimeAPI,
		"LAMBDA_TASK_ROOT=" + c.TaskRoot,
		"LAMBDA_RUNTIME_DIR=/var/runtime",
		"LANG=en_US.UTF-8",
		"PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin",
		"TZ=:UTC",
	}
	for k, v := range c.Env { // after ours: a later duplicate wins, so PATH, LANG and TZ can be replaced
		env = append(env, k+"="+v)
	}
	return env
}

func (c Config) arn() string {
	return "arn:aws:lambda:" + c.Region + ":000000000000:function:" + c.Name
}
