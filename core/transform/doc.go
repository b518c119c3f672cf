// Package transform declares Kafka Connect's single message transforms and predicates: their classes, keys and
// documentation, and the interfaces their implementations have (package smt). It runs nothing, so that a plan or a
// validation can judge a chain without linking what runs it.
package transform
