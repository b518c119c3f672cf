//go:build mutate_commit_before_put

package task

const planted = commitBeforePut
