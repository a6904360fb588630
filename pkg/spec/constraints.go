package spec

import (
	"fmt"
	"net/mail"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kiso-cli/kiso/internal/similar"
)

// rules are the constraints of one field, from its jsonschema tag. minItems
// and unique speak of a list, the others of the scalars in it.
type rules struct {
	required, unique, nullable     bool
	minItems, minLength, maxLength *int
	minimum, maximum               *int
	enum                           []string
	pattern                        *regexp.Regexp
	format                         string
}

// format is a named set of strings.
type format struct {
	noun    string                                // what its members are called
	example string                                // one of its members
	check   func(s string) (problem, hint string) // problem is "" for a member
	schema  map[string]any                        // the same in JSON Schema
}

var formats = map[string]format{
	"email": {
		"e-mail addresses", "security@example.com", checkEmail,
		map[string]any{"format": "email", "pattern": emailPattern.String()},
	},
	"aws-region": {
		"region names", "us-east-1", checkRegion,
		map[string]any{"enum": Regions()},
	},
	"aws-account-id": {
		"account ids", `"123456789012"`, checkAccountID,
		map[string]any{"pattern": accountIDPattern.String()},
	},
}

// field is a key that a mapping may hold, where its value goes and what it may be.
type field struct {
	name  string
	doc   string
	value reflect.Value
	rules rules
}

// fieldsOf returns the keys of a struct. It panics on a struct that does not
// keep to the package comment: that is a mistake in the program, not in a file.
func fieldsOf(v reflect.Value) []field {
	var fields []field
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if name == "-" || !sf.IsExported() {
			continue
		}
		where := fmt.Sprintf("spec: %s.%s", v.Type(), sf.Name)
		if name == "" {
			panic(where + ` has no yaml tag; yaml:"-" leaves it out`)
		}
		r, err := parseRules(sf.Tag.Get("jsonschema"))
		if err != nil {
			panic(where + ": " + err.Error())
		}
		fields = append(fields, field{name, sf.Tag.Get("doc"), v.Field(i), r})
	}
	return fields
}

// parseRules reads a jsonschema tag: keywords separated by commas, where \, is
// a comma of the value.
func parseRules(tag string) (rules, error) {
	var r rules
	const comma = "\x00"
	for part := range strings.SplitSeq(strings.ReplaceAll(tag, `\,`, comma), ",") {
		keyword, value, _ := strings.Cut(strings.ReplaceAll(part, comma, ","), "=")
		if err := r.add(keyword, value); err != nil {
			return r, fmt.Errorf("constraint %q: %w", keyword, err)
		}
	}
	return r, nil
}

func (r *rules) add(keyword, value string) (err error) {
	switch keyword {
	case "":
	case "required":
		r.required = true
	case "uniqueItems":
		r.unique, err = strconv.ParseBool(value)
	case "minItems":
		r.minItems, err = number(value)
	case "minLength":
		r.minLength, err = number(value)
	case "maxLength":
		r.maxLength, err = number(value)
	case "minimum":
		r.minimum, err = number(value)
	case "maximum":
		r.maximum, err = number(value)
	case "enum":
		r.enum = append(r.enum, value)
	case "pattern":
		r.pattern, err = regexp.Compile(value)
	case "format":
		r.format = value
		if _, known := formats[value]; !known {
			err = fmt.Errorf("unknown format %q", value)
		}
	default:
		err = fmt.Errorf("not supported")
	}
	return err
}

func number(s string) (*int, error) {
	n, err := strconv.Atoi(s)
	return &n, err
}

// checkString returns what is wrong with s, "" if nothing is.
func (r rules) checkString(s string) (problem, hint string) {
	length := utf8.RuneCountInString(s)
	switch {
	case r.enum != nil && !slices.Contains(r.enum, s):
		return r.notInEnum(quote(s), s)
	case r.minLength != nil && length < *r.minLength:
		return fmt.Sprintf("%s has %d characters", quote(s), length), fmt.Sprintf("at least %d are needed", *r.minLength)
	case r.maxLength != nil && length > *r.maxLength:
		return fmt.Sprintf("%s has %d characters", quote(s), length), fmt.Sprintf("at most %d are allowed", *r.maxLength)
	case r.pattern != nil && !r.pattern.MatchString(s):
		return fmt.Sprintf("%s does not match %s", quote(s), r.pattern), ""
	case r.format != "":
		return formats[r.format].check(s)
	}
	return "", ""
}

// checkInt returns what is wrong with n, "" if nothing is.
func (r rules) checkInt(n int64) (problem, hint string) {
	switch text := strconv.FormatInt(n, 10); {
	case r.enum != nil && !slices.Contains(r.enum, text):
		return r.notInEnum(text, text)
	case r.minimum != nil && n < int64(*r.minimum):
		return fmt.Sprintf("%d is too small", n), fmt.Sprintf("the smallest valid value is %d", *r.minimum)
	case r.maximum != nil && n > int64(*r.maximum):
		return fmt.Sprintf("%d is too large", n), fmt.Sprintf("the largest valid value is %d", *r.maximum)
	}
	return "", ""
}

// span says which numbers are valid, "" if the rules have no bounds.
func (r rules) span() string {
	if r.minimum == nil || r.maximum == nil {
		return ""
	}
	return fmt.Sprintf("valid values are %d to %d", *r.minimum, *r.maximum)
}

func (r rules) notInEnum(shown, value string) (problem, hint string) {
	if len(r.enum) == 1 {
		return fmt.Sprintf("must be %s, not %s", r.enum[0], shown), ""
	}
	best, _ := similar.Nearest(value, r.enum)
	return fmt.Sprintf("%s is not one of %s", shown, strings.Join(r.enum, ", ")), didYouMean(best)
}

// example returns a valid value, "" if the rules do not tell one.
func (r rules) example() string {
	if len(r.enum) > 0 {
		return r.enum[0]
	}
	return formats[r.format].example
}

// checkEmail accepts what net/mail takes for a bare address, in a domain that
// can be reached from the Internet.
func checkEmail(s string) (problem, hint string) {
	address, err := mail.ParseAddress(s)
	if err == nil && address.Address == s && emailPattern.MatchString(s) {
		return "", ""
	}
	hint = "write it as name@example.com"
	if err == nil && address.Address != s && emailPattern.MatchString(address.Address) {
		hint = didYouMean(address.Address)
	}
	return quote(s) + " is not an e-mail address", hint
}

// emailPattern asks for a dot in the domain, and no domain literal. As in net/mail,
// dots stand between something.
var emailPattern = regexp.MustCompile(`^[^@\s.<>()",:;\\\[\]]+(\.[^@\s.<>()",:;\\\[\]]+)*@[^@\s.<>()",:;\\\[\]]+(\.[^@\s.<>()",:;\\\[\]]+)+$`)

func checkRegion(s string) (problem, hint string) {
	if PartitionOf(s) != "" {
		return "", ""
	}
	return quote(s) + " is not an AWS region", similarOr(s, allRegions, "region names look like us-east-1")
}

var accountIDPattern = regexp.MustCompile(`^[0-9]{12}$`)

func checkAccountID(s string) (problem, hint string) {
	if accountIDPattern.MatchString(s) {
		return "", ""
	}
	return quote(s) + " is not an account id", "an account id has 12 digits, without dashes or spaces"
}
