package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/infra/local/internal/connector"
	"github.com/connectless/connectless/infra/local/internal/migrate"
)

const migrateAbout = `Usage: connectless migrate --connect URL [flags]
       connectless migrate [flags] FILE...

Write the connectors of a running Kafka Connect cluster, or of files, as Terraform: a connectless_connector each, formatted
as terraform fmt does, with comments about what does not carry over when it becomes a function: keys that nobody knows or
that have no effect and why, classes without an implementation here. The same is reported on standard error. Connectors of a
cluster get import blocks, so that terraform apply takes them over instead of creating them.

A FILE is a .properties file of a standalone worker; JSON: a connector as Kafka Connect's REST API takes or gives it, a list
of them, or GET /connectors?expand=info; or manifests of Strimzi's KafkaConnectors, as .yaml files or as kubectl prints them.

Secrets are not written down. A key that is one becomes a variable without a value and stands in config_wo; a reference,
${env:X}, stays as it is. The user name, password and token for the cluster come from CONNECTLESS_CONNECT_USERNAME,
CONNECTLESS_CONNECT_PASSWORD and CONNECTLESS_CONNECT_TOKEN, as for the provider. The cluster is only read from.
`

// migrateFlags is the command line of connectless migrate.
type migrateFlags struct {
	connect                         string
	only                            stringList
	caFile, certFile, keyFile       string
	insecure                        bool
	timeout                         time.Duration
	workerConfig, functions, target string
	out, report                     string
	oneFile, force                  bool
}

func (f *migrateFlags) define(fs *flag.FlagSet) {
	fs.StringVar(&f.connect, "connect", "", "`URL` of a Kafka Connect worker to read from")
	fs.Var(&f.only, "only", "`name` of a connector of the cluster to migrate; may be given several times (default: all)")
	fs.StringVar(&f.caFile, "ca-certificates", "", "`file` of PEM certificates that the worker's must come from (default: the system's)")
	fs.StringVar(&f.certFile, "client-certificate", "", "`file` of a PEM certificate for a worker that wants one; needs --client-key")
	fs.StringVar(&f.keyFile, "client-key", "", "`file` of that certificate's key, PEM")
	fs.BoolVar(&f.insecure, "insecure", false, "accept any certificate of the worker")
	fs.DurationVar(&f.timeout, "timeout", time.Minute, "how long the cluster may take")
	fs.StringVar(&f.workerConfig, "worker-config", "", "`file` of the Kafka Connect worker's properties: what the connectors run with, and the provider's worker map")
	fs.StringVar(&f.functions, "functions", "", functionsDoc+"; connectors that are not of this project are known by their binaries")
	fs.StringVar(&f.target, "target", migrate.Targets()[0], "target `block` of the resources: "+strings.Join(migrate.Targets(), ", "))
	fs.StringVar(&f.out, "out", "", "`directory` to write to (default: standard output)")
	fs.BoolVar(&f.oneFile, "one-file", false, "all connectors in connectors.tf instead of a file for each")
	fs.BoolVar(&f.force, "force", false, "overwrite files")
	fs.StringVar(&f.report, "report", "", "`file` for the report (default: standard error)")
}

// check returns what is wrong with the command line, "" if nothing is.
func (f *migrateFlags) check(files []string) string {
	switch {
	case f.connect == "" && len(files) == 0:
		return "nothing to read: give --connect or files"
	case f.connect == "" && len(f.only) > 0:
		return "--only needs --connect"
	case (f.certFile == "") != (f.keyFile == ""):
		return "--client-certificate and --client-key go together"
	case !slices.Contains(migrate.Targets(), f.target):
		return fmt.Sprintf("--target: the provider has no target %q; it has %s", f.target, strings.Join(migrate.Targets(), ", "))
	case f.timeout <= 0:
		return fmt.Sprintf("--timeout: %s is not positive", f.timeout)
	case f.force && f.out == "" && f.report == "":
		return "--force needs --out or --report"
	}
	return ""
}

func (c *command) migrate(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("migrate", flag.ContinueOnError)
	var f migrateFlags
	f.define(fs)
	files, code, ok := c.parseMixed(fs, args, migrateAbout)
	if !ok {
		return code
	}
	if problem := f.check(files); problem != "" {
		return c.misused(fs, "%s", problem)
	}
	if err := c.runMigrate(ctx, &f, files); err != nil {
		return c.failed(err)
	}
	return exitOK
}

func (c *command) runMigrate(ctx context.Context, f *migrateFlags, files []string) error {
	found, err := f.read(ctx, files)
	if err != nil {
		return err
	}
	judge := &migrate.Judge{Worker: maps.Clone(defaultWorker), Assumed: f.workerConfig == ""}
	options := migrate.Options{Target: f.target, URL: strings.TrimRight(f.connect, "/"), OneFile: f.oneFile}
	if judge.Assumed {
		judge.Worker["bootstrap.servers"] = embeddedServers
	} else {
		if judge.Worker, err = connector.ReadWorker(f.workerConfig); err != nil {
			return err
		}
		options.Worker = judge.Worker
	}
	shelf := openShelf(ctx, f.functions)
	if f.functions != "" && shelf.missing != nil {
		return shelf.missing
	}
	judge.Catalog = shelf.catalog
	result, err := judge.Terraform(found, options)
	if err != nil {
		return err
	}
	return c.emit(f, result)
}

// read finds the connectors of the cluster and of the files.
func (f *migrateFlags) read(ctx context.Context, files []string) (found []migrate.Connector, err error) {
	if f.connect != "" {
		cluster := migrate.Cluster{
			URL: f.connect, Username: os.Getenv("CONNECTLESS_CONNECT_USERNAME"), Insecure: f.insecure,
			Password: config.Password(os.Getenv("CONNECTLESS_CONNECT_PASSWORD")), Token: config.Password(os.Getenv("CONNECTLESS_CONNECT_TOKEN")),
		}
		if f.caFile != "" {
			if cluster.CACertificates, err = os.ReadFile(f.caFile); err != nil {
				return nil, fmt.Errorf("migrate: --ca-certificates: %w", err)
			}
		}
		if f.certFile != "" {
			pair, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
			if err != nil {
				return nil, fmt.Errorf("migrate: --client-certificate: %w", err)
			}
			cluster.Certificate = []tls.Certificate{pair}
		}
		ctx, cancel := context.WithTimeout(ctx, f.timeout)
		defer cancel()
		if found, err = cluster.Read(ctx, f.only); err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("migrate: there is no connector at %s", f.connect)
		}
	}
	for _, file := range files {
		more, err := migrate.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// emit writes the files and the report, or prints them: files one after another are good Terraform too.
func (c *command) emit(f *migrateFlags, r *migrate.Result) error {
	var files []migrate.File
	if f.out != "" {
		for _, file := range r.Files {
			files = append(files, migrate.File{Name: filepath.Join(f.out, file.Name), Text: file.Text})
		}
	}
	if f.report != "" {
		files = append(files, migrate.File{Name: f.report, Text: []byte(r.Report)})
	}
	if err := migrate.Write(files, f.force); err != nil {
		return err
	}
	for i, file := range r.Files {
		switch {
		case f.out != "":
			fmt.Fprintln(c.out, file.Name)
			continue
		case i > 0:
			fmt.Fprintln(c.out)
		}
		if _, err := c.out.Write(file.Text); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	if f.report == "" {
		fmt.Fprint(c.err, r.Report)
	}
	return nil
}
