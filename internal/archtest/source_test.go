package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/kiso-cli/kiso/"

// root is the module's, seen from this package.
const root = "../.."

// file is one parsed source file that is no test.
type file struct {
	pkg string // its folder below the module's root: "pkg/plan"
	ast *ast.File
	set *token.FileSet
}

// imports are the paths that the file imports.
func (f file) imports() []string {
	var paths []string
	for _, spec := range f.ast.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser has accepted it
		}
		paths = append(paths, path)
	}
	return paths
}

// source parses the files below folders of the module that are no tests.
func source(t *testing.T, folders ...string) []file {
	t.Helper()
	var files []file
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			folder, err := filepath.Rel(root, filepath.Dir(path))
			files = append(files, file{pkg: filepath.ToSlash(folder), ast: parsed, set: set})
			return err
		})
		require.NoError(t, err)
	}
	require.NotEmpty(t, files, "no source below %v", folders)
	return files
}

// parse makes a file of a text, to see whether a check can fail.
func parse(t *testing.T, pkg, text string) file {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, "example.go", text, parser.SkipObjectResolution)
	require.NoError(t, err)
	return file{pkg: pkg, ast: parsed, set: set}
}
