package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is committed is what the source makes; make generate writes it anew.
func TestFilesAreUpToDate(t *testing.T) {
	t.Chdir("../..")
	assert.NoError(t, run(true))
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
