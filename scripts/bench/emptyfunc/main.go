// Command emptyfunc is a Lambda function that does nothing: what a cold start costs at least with aws-lambda-go.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

type handler struct{}

func (handler) Invoke(context.Context, []byte) ([]byte, error) { return []byte("{}"), nil }

func main() { lambda.Start(handler{}) }
