package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/kiso-cli/kiso/pkg/cli"
)

// What is committed is what the source makes; make generate writes it anew.
func TestFilesAreUpToDate(t *testing.T) {
	t.Chdir("../..")
	assert.NoError(t, run(true))
}

// Editors find the schema by a spec's first line, and the specs keep to it.
func TestSpecsKeepToTheSchema(t *testing.T) {
	t.Chdir("../..")
	schema, err := jsonschema.NewCompiler().Compile("schema/kiso.schema.json")
	require.NoError(t, err)
	specs, err := filepath.Glob("examples/*/kiso.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, specs)
	texts := map[string]string{"kiso init": starter(t)}
	assert.True(t, strings.HasPrefix(texts["kiso init"], "# yaml-language-server: $schema=.kiso.schema.json\n"))
	for _, name := range specs {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		texts[name] = string(text)
		line, _, _ := strings.Cut(string(text), "\n")
		path, found := strings.CutPrefix(line, "# yaml-language-server: $schema=")
		require.True(t, found, name)
		assert.FileExists(t, filepath.Join(filepath.Dir(name), path))
	}
	for name, text := range texts {
		var spec any
		require.NoError(t, yaml.Unmarshal([]byte(text), &spec), name)
		assert.NoError(t, schema.Validate(spec), name)
	}
	for _, text := range []string{
		"guardduyt: {}", "cloudtrail: {trail_name: a--b}", "cloudtrail: {trail_name: 10.0.0.1}", "cloudtrail: {bucket: {object_lock: {days: 1, years: 1}}}",
	} {
		var spec any
		require.NoError(t, yaml.Unmarshal([]byte("version: 1\nhome_region: eu-west-1\n"+text), &spec), text)
		assert.Error(t, schema.Validate(spec), text)
	}
}

func starter(t *testing.T) string {
	t.Helper()
	var out, errors bytes.Buffer
	streams := cli.IO{In: strings.NewReader(""), Out: &out, Err: &errors, Env: os.Getenv}
	require.Zero(t, cli.Run(t.Context(), nil, []string{"kiso", "init", "-f", "-"}, streams, "test"), errors.String())
	return out.String()
}

func TestManualsNameEveryCommandAndFlag(t *testing.T) {
	m := newManual()
	page, reference := strings.ReplaceAll(string(m.page()), `\-`, "-"), string(m.reference())
	require.Greater(t, len(m.commands), 15)
	for _, c := range m.commands {
		assert.Contains(t, page, ".SS "+c.synopsis()+"\n")
		assert.Contains(t, reference, "\n## "+c.name+"\n")
		assert.NotEmpty(t, c.usage, c.name)
		assert.NotRegexp(t, `[.\n]$`, c.usage, c.name)
	}
	for _, o := range m.globals {
		assert.Contains(t, page, strings.ReplaceAll(o.names, ", ", `\fR, \fB`))
		assert.Contains(t, reference, "| `"+o.names)
		assert.NotContains(t, o.usage, "`")
		assert.NotContains(t, o.usage, "default:", "%s: its default is said twice", o.names)
	}
	assert.Contains(t, reference, "| `--sandbox[=FILE]` |", "the file may be left out")
}

// A line of a man page that begins with a dot or an apostrophe is a request.
func TestManPageHasNoStrayRequests(t *testing.T) {
	known := regexp.MustCompile(`^\.(\\"|TH|SH|SS|PP|TP|B|nf|fi)( |$)`)
	for _, line := range strings.Split(string(newManual().page()), "\n") {
		if strings.HasPrefix(line, ".") {
			assert.Regexp(t, known, line)
		}
		assert.False(t, strings.HasPrefix(line, "'"), line)
	}
	assert.Equal(t, `\&.nf \e\-x`, roff(`.nf \-x`))
}

// mandoc is not on every machine: the test's name says whether it had a look.
func TestManPageByMandoc(t *testing.T) {
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Run("mandoc is not installed: no more than the requests are checked", TestManPageHasNoStrayRequests)
		return
	}
	t.Run("mandoc finds no error", func(t *testing.T) {
		c := exec.CommandContext(t.Context(), mandoc, "-Tlint", "-Werror")
		c.Stdin = strings.NewReader(string(newManual().page()))
		out, err := c.CombinedOutput()
		assert.NoError(t, err, "%s", out)
	})
}
