// Package awslambda runs a task as an AWS Lambda function: it reads the event of a Kafka event source mapping (Amazon MSK
// or self-managed) from its bytes, answers in the mapping's terms, reports what went wrong at start through the Runtime
// API, and closes clients on SIGTERM.
//
// aws-lambda-go's own event type is not used: it makes null and empty keys and values the same, and costs several times
// what all the rest does.
package awslambda
