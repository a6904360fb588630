package workflows

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// version is the release that the examples name.
const version = "0.1.0"

// built holds the real binary, and a release of it as it is published.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// build makes both, once, and returns their directory.
func build(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "kiso-workflows-*"); built.err != nil {
			return
		}
		place := filepath.Join(built.dir, "releases", "v"+version)
		if built.err = os.MkdirAll(place, 0o700); built.err != nil {
			return
		}
		for _, args := range [][]string{
			{"go", "build", "-o", filepath.Join(built.dir, "kiso"), "./cmd/kiso"},
			{"tar", "-czf", filepath.Join(place, archiveName()), "-C", built.dir, "kiso"},
		} {
			command := exec.Command(args[0], args[1:]...)
			command.Dir = root
			if output, err := command.CombinedOutput(); err != nil {
				built.err = fmt.Errorf("%s: %w: %s", args[0], err, output)
				return
			}
		}
	})
	require.NoError(t, built.err)
	return built.dir
}

// kiso is the path of the real binary.
func kiso(t *testing.T) string { return filepath.Join(build(t), "kiso") }

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		if err := os.RemoveAll(built.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(code)
}

func archiveName() string { return fmt.Sprintf("kiso_%s_linux_%s.tar.gz", version, runtime.GOARCH) }

func runnerArch() string {
	if runtime.GOARCH == "arm64" {
		return "ARM64"
	}
	return "X64"
}

// release returns the URL of releases that are the test's own.
func release(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(build(t), "releases"))))
	place := filepath.Join(dir, "v"+version)
	sums := "0000000000000000000000000000000000000000000000000000000000000000  other.tar.gz\n" +
		sum(t, filepath.Join(place, archiveName())) + "  " + archiveName() + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(place, "checksums.txt"), []byte(sums), 0o600))
	return "file://" + dir
}

func sum(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return fmt.Sprintf("%x", sha256.Sum256(data))
}
