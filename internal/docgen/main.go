// Command docgen writes the files that are made of the source: the JSON Schema
// of the spec, the page about the services, the manuals of the command line, and
// in the CloudFormation templates what kiso itself knows. With -check it writes
// nothing and fails if one of them is not up to date. Run it at the module's root.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/services"
	"github.com/kiso-cli/kiso/pkg/spec"
)

func main() {
	check := flag.Bool("check", false, "fail if a file is not up to date, and write nothing")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	schema, err := spec.Schema(engine.Sections(services.All()))
	if err != nil {
		return err
	}
	page, err := servicesPage(services.All())
	if err != nil {
		return err
	}
	files, err := templates(services.All())
	if err != nil {
		return err
	}
	files["schema/kiso.schema.json"] = append(schema, '\n')
	files["docs/services.md"] = page
	files["docs/cli.md"], files["docs/man/kiso.1"] = newManual().reference(), newManual().page()
	act := write
	if check {
		act = compare
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		errs = append(errs, act(name, files[name]))
	}
	return errors.Join(errs...)
}

func write(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}

func compare(name string, content []byte) error {
	there, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !bytes.Equal(there, content) {
		return fmt.Errorf("%s is not what the source makes of it: run make generate and commit it", name)
	}
	return nil
}
