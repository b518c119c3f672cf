package main

import (
	"archive/zip"
	"cmp"
	"io"
	"io/fs"
	"slices"
	"time"
)

// file is an entry of a package.
type file struct {
	name string // slash separated
	mode fs.FileMode
	data []byte
}

// epoch is the time of every entry: the first that the zip format can say.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// archive writes files as a zip whose bytes depend on names, modes and contents only.
func archive(w io.Writer, files []file) error {
	files = slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.name, b.name) })
	z := zip.NewWriter(w)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: epoch}
		header.SetMode(f.mode)
		entry, err := z.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(f.data); err != nil {
			return err
		}
	}
	return z.Close()
}

// withConfig adds the connector's configuration, where there is one, beside the binary.
func withConfig(files []file, config []byte) []file {
	if config == nil {
		return files
	}
	return append(files, file{"connector.json", 0o644, config})
}

// lambdaFiles is the content of a Lambda package: OS-only runtimes start the file named bootstrap.
// https://docs.aws.amazon.com/lambda/latest/dg/golang-package.html
func lambdaFiles(binary, config []byte) []file {
	return withConfig([]file{{"bootstrap", 0o755, binary}}, config)
}
