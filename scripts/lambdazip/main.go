// Command lambdazip builds kiso for AWS Lambda: dist/kiso-lambda-arm64.zip and
// dist/kiso-lambda-amd64.zip, each with the binary as bootstrap and, if one is
// given, a spec as kiso.yaml beside it (Lambda developer guide, "Building Go
// functions"). What is built of the same source is the same bytes. Run it at
// the module's root.
package main

import (
	"archive/zip"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	version := flag.String("version", "0.1.0-dev", "what the binary calls itself")
	arch := flag.String("arch", "arm64,amd64", "processors, by commas")
	spec := flag.String("spec", "", "a spec to put beside the binary")
	dir := flag.String("dir", "dist", "where the archives go")
	flag.Parse()
	for one := range strings.SplitSeq(*arch, ",") {
		name, err := build(one, *version, *spec, *dir)
		if err != nil {
			fmt.Fprintf(os.Stderr, "lambdazip: %s: %v\n", one, err)
			os.Exit(1)
		}
		fmt.Println(name)
	}
}

// build makes the archive for one processor and returns its name.
func build(arch, version, spec, dir string) (string, error) {
	work, err := os.MkdirTemp("", "lambdazip")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work) //nolint:errcheck // a folder among the temporary ones
	binary := filepath.Join(work, "bootstrap")
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc",
		"-ldflags", "-s -w -buildid= -X main.version="+version, "-o", binary, "./cmd/kiso")
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	files := []file{{"bootstrap", binary}}
	if spec != "" {
		files = append(files, file{"kiso.yaml", spec})
	}
	content, err := archive(files)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "kiso-lambda-"+arch+".zip")
	return name, os.WriteFile(name, content, 0o644)
}

// file is one member of an archive, and where its content is.
type file struct{ name, path string }

// epoch is the time of every member: the first that an archive can tell.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// archive packs files with neither times nor owners of their own. Lambda runs
// what all may read and execute.
func archive(files []file) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		content, err := os.ReadFile(f.path)
		if err != nil {
			return nil, err
		}
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: epoch}
		header.SetMode(0o755)
		member, err := w.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := member.Write(content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
