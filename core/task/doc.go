// Package task runs connectors: it takes one trigger event through conversion, transforms and the connector, applies the
// error policy, and answers with the positions that must come again. Nothing outlives an invocation but clients, and
// the memory of what a failed batch had already delivered ([Progress]).
//
// It knows neither hosts nor their wire formats (core/platform does), nor where configuration comes from (core/function).
package task
