//go:build mutate_stale_span

package task

const planted = staleSpan
