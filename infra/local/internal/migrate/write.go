package migrate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Write writes files; their names are paths, and missing directories are made. Without force it writes nothing when one
// of them exists already, and the error names those that do.
func Write(files []File, force bool) error {
	var exist []string
	for _, f := range files {
		switch _, err := os.Lstat(f.Name); {
		case err == nil:
			exist = append(exist, f.Name)
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("migrate: %w", err)
		}
	}
	if len(exist) > 0 && !force {
		return fmt.Errorf("migrate: there is %s already: write elsewhere, or overwrite with --force", strings.Join(exist, ", "))
	}
	for _, f := range files {
		if err := write(f.Name, f.Text, force); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	return nil
}

func write(path string, text []byte, force bool) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write(text)
	return err
}
