//go:build !mutate_empty_answer_on_failure

package awslambda

const planted = noMistake
