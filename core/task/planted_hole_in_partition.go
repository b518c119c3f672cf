//go:build mutate_hole_in_partition

package task

const planted = holeInPartition
