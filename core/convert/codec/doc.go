// Package codec implements the converters that need no library and no network: JSON, text, bytes, numbers and the
// header converter that guesses types. Their settings are declared in package convert, so that a plan can judge them
// without linking this.
package codec
