//go:build !mutate_commit_before_put && !mutate_dlq_not_awaited && !mutate_hole_in_partition && !mutate_stale_span

package task

const planted = noMistake
