// Package file declares the file connectors: for trying things out, and for the local cloud. Package filesink runs the sink.
package file
