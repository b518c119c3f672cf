//go:build secretsmanager

package function

import "github.com/connectless/connectless/core/deadletter"

// The tag that links AWS's SDK for its secret store links it for this too: packages for Lambda have it.
var openTarget = deadletter.Open
