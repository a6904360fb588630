package main

import (
	"archive/zip"
	"crypto/sha256"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSameSourceSameBytes(t *testing.T) {
	t.Chdir("../..")
	spec := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(spec, []byte("version: 1\nhome_region: eu-west-1\n"), 0o600))
	var sums [2][sha256.Size]byte
	var name string
	for i := range sums {
		var err error
		name, err = build(runtime.GOARCH, "1.2.3", spec, t.TempDir())
		require.NoError(t, err)
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		sums[i] = sha256.Sum256(content)
	}
	assert.Equal(t, sums[0], sums[1])
	assert.Equal(t, "kiso-lambda-"+runtime.GOARCH+".zip", filepath.Base(name))

	r, err := zip.OpenReader(name)
	require.NoError(t, err)
	defer r.Close()
	require.Len(t, r.File, 2)
	binary := filepath.Join(t.TempDir(), "bootstrap")
	unpack(t, r.File[0], "bootstrap", binary)
	unpack(t, r.File[1], "kiso.yaml", filepath.Join(t.TempDir(), "kiso.yaml"))

	if runtime.GOOS == "linux" {
		out, err := exec.Command(binary, "version").CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Contains(t, string(out), "1.2.3")
	}
}

// unpack writes a member of an archive as Lambda does, with its mode.
func unpack(t *testing.T, f *zip.File, name, to string) {
	t.Helper()
	assert.Equal(t, name, f.Name)
	assert.Equal(t, os.FileMode(0o755), f.Mode())
	member, err := f.Open()
	require.NoError(t, err)
	content, err := io.ReadAll(member)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, content, f.Mode()))
}

func TestMissingSpecIsAnError(t *testing.T) {
	_, err := archive([]file{{"kiso.yaml", filepath.Join(t.TempDir(), "none")}})
	require.ErrorIs(t, err, os.ErrNotExist)
}
