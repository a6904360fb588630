package awsx

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// section is the head of a profile in the AWS config or credentials file; other
// sections of the config (sso-session, services) have no such heads.
var section = regexp.MustCompile(`(?m)^[ \t]*\[[ \t]*(?:profile[ \t]+)?["']?([^\s\]"']+)["']?[ \t]*\]`)

// knownProfiles says which profiles there are.
func knownProfiles() string {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	var names []string
	for variable, usual := range map[string]string{"AWS_CONFIG_FILE": "config", "AWS_SHARED_CREDENTIALS_FILE": "credentials"} {
		data, err := os.ReadFile(cmp.Or(os.Getenv(variable), filepath.Join(home, ".aws", usual)))
		if err != nil {
			continue // a file that is not there has no profiles
		}
		for _, head := range section.FindAllStringSubmatch(string(data), -1) {
			names = append(names, head[1])
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return "no profile is: `aws configure sso` makes one"
	}
	return "known: " + strings.Join(names, ", ")
}
