package cli

import (
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"
)

// applyCommandLine is what to run to carry out what was shown: a saved plan, or
// the spec if that is "". It names the account that was meant, so that what was
// planned on the sandbox is not applied to what the environment points at.
func applyCommandLine(c *cli.Context, saved string) string {
	words := []string{"kiso"}
	for _, flag := range []string{"profile", "role-arn", "sandbox"} {
		switch value := c.String(flag); {
		case value == "":
		case flag == "sandbox" && value == inMemory:
			words = append(words, "--sandbox")
		default:
			words = append(words, "--"+flag+"="+quote(value))
		}
	}
	words = append(words, "apply")
	if saved != "" {
		return strings.Join(append(words, quote(saved)), " ")
	}
	return strings.Join(words, " ") + specArgument(c.String("file"))
}

// specArgument names a spec for a command line, with a space before it; "" for the
// default one.
func specArgument(file string) string {
	if file == defaultSpec {
		return ""
	}
	return " -f " + quote(file)
}

// plain is a word that means itself to every shell.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// quote makes a word that may hold anything one word of a POSIX shell.
func quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
