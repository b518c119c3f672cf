// Package lambdahost runs an executable that speaks the Lambda Runtime API (version 2018-06-01) the way Lambda
// does: one process per execution environment, started on demand, reused while it lives, killed when it exceeds
// the timeout, replaced with a growing delay when it crashes.
//
//	f, err := lambdahost.New(lambdahost.Config{Name: "orders", Path: "dist/bootstrap", Timeout: time.Minute})
//	err = f.Warm(ctx)                        // optional: one environment up now, or a readable *host.InitError
//	r, err := f.Invoke(ctx, event)           // f is a host.Invoker
//	s := f.Stats()                           // counts, durations, cold starts, peak memory, billed time
//	err = f.Close(ctx)
//
// The environment a process sees is Lambda's: the AWS_LAMBDA_* variables, _HANDLER, LAMBDA_TASK_ROOT, a UTC
// clock, a minimal PATH and what Config.Env adds; nothing is inherited. Like Lambda it sends SIGTERM on shutdown only to
// a process that registered an extension (aws-lambda-go: lambda.WithEnableSIGTERM) and kills the others at once.
//
// Differences from Lambda: an invocation waits for a free environment instead of being throttled; an
// initialisation that takes longer than ten seconds fails and is not tried again with the function's timeout; memory is
// measured and reported, not limited; extensions may register but receive no events.
package lambdahost
