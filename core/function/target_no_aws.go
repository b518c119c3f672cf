//go:build !secretsmanager

package function

import (
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

var openTarget func(config.DeadLetterTarget) (connect.Sink, error)
