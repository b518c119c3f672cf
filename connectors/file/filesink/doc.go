// Package filesink runs the file sink: lines of a batch are appended to a file together, and once.
package filesink
