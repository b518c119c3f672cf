//go:build mutate_dlq_not_awaited

package task

const planted = dlqNotAwaited
