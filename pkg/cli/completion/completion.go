// Package completion holds the scripts that let shells complete kiso's command
// line. They know nothing of kiso's commands: they ask the program, which
// answers from what it is made of and from files that the line names.
package completion

import "embed"

// Command is the hidden command that the scripts call, with the words before the
// cursor. It prints what may stand in the place of the last one.
const Command = "__complete"

//go:embed kiso.bash kiso.zsh kiso.fish kiso.ps1
var scripts embed.FS

var files = map[string]string{"bash": "kiso.bash", "zsh": "kiso.zsh", "fish": "kiso.fish", "powershell": "kiso.ps1"}

// Shells lists the shells that there is a script for.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// Script returns a shell's script, and whether there is one.
func Script(shell string) ([]byte, bool) {
	script, err := scripts.ReadFile(files[shell])
	return script, err == nil
}
