package s3

import (
	"path"
	"slices"
	"strings"
)

// Access is what a service asks to do with a bucket.
type Access struct {
	Service  string            // "cloudtrail.amazonaws.com"
	Action   string            // "s3:PutObject"
	Resource string            // ARN of the bucket or object
	Context  map[string]string // condition keys, as the service sets them
}

// Permits says whether the policy of the bucket lets a service do something: a
// statement allows it and none denies it (IAM user guide, "Policy evaluation
// logic"). Only the operators that log buckets' policies use are understood;
// any other never matches.
func (b *Bucket) Permits(a Access) bool {
	p := &policy{}
	if b.Policy == "" || strict([]byte(b.Policy), p) != nil {
		return false
	}
	allowed := false
	for _, s := range p.Statement {
		if !s.matches(a) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (s statement) matches(a Access) bool {
	if len(s.NotPrincipal)+len(s.NotAction)+len(s.NotResource) > 0 {
		return false
	}
	if !s.Principal.everybody() && !slices.Contains(s.Principal["Service"], a.Service) {
		return false
	}
	return anyLike(s.Action, strings.ToLower(a.Action), strings.ToLower) && anyLike(s.Resource, a.Resource, unchanged) && s.holds(a.Context)
}

func unchanged(s string) string { return s }

// holds says whether every condition holds. A key that the service does not set
// fails every operator here.
func (s statement) holds(context map[string]string) bool {
	for operator, keys := range s.Condition {
		for key, values := range keys {
			actual, ok := lookup(context, key)
			if !ok || !compare(operator, actual, values) {
				return false
			}
		}
	}
	return true
}

func lookup(context map[string]string, key string) (string, bool) {
	for k, v := range context {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}

func compare(operator, actual string, values []string) bool {
	switch operator {
	case "StringEquals", "Bool":
		return slices.Contains(values, actual)
	case "StringLike", "ArnLike", "ArnEquals":
		return anyLike(values, actual, unchanged)
	}
	return false
}

// anyLike says whether a pattern with * and ? matches. A * spans slashes, which
// path.Match's does not: both sides get another separator.
func anyLike(patterns []string, actual string, fold func(string) string) bool {
	flat := strings.NewReplacer("/", "\x00", "[", "\x01", `\`, "\x02")
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(flat.Replace(fold(p)), flat.Replace(actual))
		return ok && err == nil
	})
}
