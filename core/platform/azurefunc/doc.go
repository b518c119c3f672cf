// Package azurefunc runs a task as an Azure Function: a custom handler (an HTTP server that the Functions host starts and
// calls) behind a Kafka trigger with cardinality many and dataType binary. A failure is answered with status 500, which
// repeats the whole batch when host.json has commitOnFailure false and maxRetries -1 and function.json has a retry policy
// without limit, as the packages of scripts/package do. There is no partial answer.
//
// In binary mode the host sends a null value (a tombstone) and an empty one alike; both are read as null.
package azurefunc
