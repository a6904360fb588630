package s3

import (
	"fmt"
	"net/http"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Retention is a default retention: days or years.
type Retention struct {
	Mode  string `json:"Mode,omitempty" enum:"GOVERNANCE,COMPLIANCE"`
	Days  *int   `json:"Days"`
	Years *int   `json:"Years"`
}

type lockDocument struct {
	Config *lockConfig `json:"ObjectLockConfiguration"`
}

type lockConfig struct {
	Enabled string    `json:"ObjectLockEnabled"`
	Rule    *lockRule `json:"Rule"`
}

type lockRule struct {
	Default *Retention `json:"DefaultRetention"`
}

func getLock(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	if !b.Locked {
		return nil, absent("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")
	}
	config := &lockConfig{Enabled: enabled}
	if b.Retention != nil {
		config.Rule = &lockRule{b.Retention}
	}
	return lockDocument{config}, nil
}

type putLockInput struct {
	target
	Token string `header:"x-amz-bucket-object-lock-token"`
	lockDocument
}

// putLock turns Object Lock on, also for a bucket that was made without it, and
// replaces the default retention: one that is not named is removed.
func putLock(req *sandbox.Request, in putLockInput) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	if in.Config == nil || in.Config.Enabled != enabled {
		return nil, malformedXML()
	}
	if b.Versioning != enabled {
		return nil, sandbox.Error("InvalidBucketState", http.StatusConflict,
			"Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
	}
	b.Locked, b.Retention = true, nil
	if in.Config.Rule == nil {
		return nil, nil
	}
	b.Retention = in.Config.Rule.Default
	return nil, checkRetention(in.Config.Rule.Default)
}

// checkRetention wants a mode and exactly one period. The upper bound is from
// the user guide's "Locking objects with Object Lock".
func checkRetention(r *Retention) error {
	if r == nil || r.Mode == "" || (r.Days == nil) == (r.Years == nil) {
		return malformedXML()
	}
	for _, bound := range []struct {
		unit  string
		value *int
		most  int
	}{{"days", r.Days, 36500}, {"years", r.Years, 100}} {
		if bound.value == nil {
			continue
		}
		if *bound.value < 1 {
			return invalid("InvalidArgument", "Default retention period must be a positive integer value.")
		}
		if *bound.value > bound.most {
			return invalid("InvalidArgument", fmt.Sprintf("Default retention period too large: at most %d %s.", bound.most, bound.unit))
		}
	}
	return nil
}
