package bucket

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kiso-cli/kiso/pkg/resource"
)

// Name is a bucket's name in a spec: {account_id} and {home_region} in it are
// filled in.
type Name string

// nameRules say what a name is (Amazon S3 user guide, "General purpose bucket
// naming rules").
const nameRules = "a bucket's name is 3 to 63 lower-case letters, digits, dashes and periods, first and last a letter or digit; {account_id} and {home_region} are filled in"

var (
	nameShape = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	address   = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
	reserved  = regexp.MustCompile(`^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$`)
)

func (n Name) problem(filled string) string {
	switch {
	case !nameShape.MatchString(filled) || strings.Contains(filled, "..") || address.MatchString(filled):
		return fmt.Sprintf("%q is not the name of a bucket", string(n))
	case reserved.MatchString(filled):
		return fmt.Sprintf("%q begins or ends with what S3 reserves", string(n))
	default:
		return ""
	}
}

// Validate refuses what cannot be a name whatever is filled in.
func (n Name) Validate(report func(path, problem, hint string)) {
	filled := strings.NewReplacer("{account_id}", "123456789012", "{home_region}", "us-east-1").Replace(string(n))
	if problem := n.problem(filled); problem != "" {
		report("", problem, nameRules)
	}
}

// Fill fills the name in. Where the result is no name after all, which is then
// too long, it refuses it for path and returns false.
func (n Name) Fill(in resource.Input, d *resource.Declaration, path string) (string, bool) {
	filled := in.Fill(string(n))
	if problem := n.problem(filled); problem != "" {
		d.Refuse(path, problem+": "+filled, nameRules)
		return "", false
	}
	return filled, true
}
