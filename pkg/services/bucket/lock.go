package bucket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/kiso-cli/kiso/internal/policydoc"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Lock is the model of a bucket's Object Lock and its default retention.
type Lock struct {
	Enabled   bool   `json:"object_lock_enabled"`
	Mode      Mode   `json:"mode,omitzero"`
	Retention Period `json:"retention,omitzero"`

	Bucket string `json:"bucket,omitzero" diff:"-"`
	Region string `json:"region,omitzero" diff:"-"`
}

// Mode is a retention mode.
type Mode string

// compliance cannot be bypassed by anybody, governance with a permission.
const (
	compliance Mode = "COMPLIANCE"
	governance Mode = "GOVERNANCE"
)

// Raise keeps a live COMPLIANCE.
func (m Mode) Raise(live Mode) Mode {
	if live == compliance {
		return live
	}
	return m
}

// Period is how long objects are retained, "365 days" or "1 year".
type Period string

// Days returns a period of days.
func Days(n int) Period { return period(n, "day") }

// Years returns a period of years.
func Years(n int) Period { return period(n, "year") }

func period(n int, unit string) Period {
	if n != 1 {
		unit += "s"
	}
	return Period(fmt.Sprintf("%d %s", n, unit))
}

func (p Period) parse() (n int, unit string) {
	// The zero of what does not parse is shorter than any period.
	_, _ = fmt.Sscanf(string(p), "%d %s", &n, &unit)
	return n, strings.TrimSuffix(unit, "s")
}

func (p Period) days() int {
	n, unit := p.parse()
	if unit == "year" {
		return n * 365
	}
	return n
}

// Raise keeps a live period that is at least as long.
func (p Period) Raise(live Period) Period {
	if live.days() >= p.days() {
		return live
	}
	return p
}

func newLockType(o Options) *resource.Type[Lock] {
	t := &lockType{o}
	return &resource.Type[Lock]{
		Kind: resource.Kind(o.Service + ".bucket_lock"),
		Doc: resource.Doc{
			Summary:  "Object Lock of the log bucket, with a default retention for what is written from then on. Longer and stricter ones stay.",
			Controls: []string{"S3.15"},
			Reads:    append(o.toRead("GetBucketObjectLockConfiguration", "GetBucketPolicy"), o.DeliversReads...),
			Writes:   permissions("PutBucketObjectLockConfiguration"),
			Changers: []resource.Changer{{Event: "PutBucketObjectLockConfiguration", Ends: true}, {Event: "DeleteBucket"}},
			Irreversible: []string{
				"Object Lock on a bucket that exists and has none yet: it cannot be turned off again, nor versioning be suspended.",
				"COMPLIANCE retention: nobody, root included, can delete what is written until it ends, nor shorten that.",
			},
		},
		Observe:  t.observe,
		Bound:    resource.Always,
		Apply:    t.apply,
		LiveName: func(id resource.ID, live Lock) string { return liveName(id, live.Bucket, live.Region) },
		Trace: func(id resource.ID, live *Lock) resource.Trace {
			if live == nil {
				return trace(id, "", "")
			}
			return trace(id, live.Bucket, live.Region)
		},
		Risk: risk,
		// Versioning was just turned on.
		Settle: resource.Settle{RetryOn: append([]resource.Transient{{Code: "InvalidBucketState"}}, transient...)},
	}
}

type lockType struct{ Options }

// unretained is the error for a lock that retains nothing yet, which says whose it is,
// and what a retention asks of others: the bucket may have been there first.
func (b *found) unretained() error {
	return resource.Absent(fmt.Sprintf("it is for the bucket %s, which is locked and retains nothing yet: once it does, %s", b.name, unlockedOnly))
}

// unlockedOnly is what a retention asks of those who deliver.
const unlockedOnly = "nothing may deliver into it that cannot into a locked bucket, such as AWS Config in regions that the spec leaves out"

// observe takes a bucket that is locked and retains nothing for absent, as one
// that is not there: kiso creates its own with the lock, so what is missing
// then is a default retention. A bucket without a lock is another matter.
func (t *lockType) observe(ctx context.Context, env resource.Env, id resource.ID) (*Lock, error) {
	place, err := t.Locate(ctx, env, id)
	if err != nil {
		return nil, err
	}
	b, err := find(ctx, env, place)
	if err != nil || b == nil {
		return nil, err
	}
	live, err := b.lock(ctx)
	if err != nil {
		return nil, err
	}
	if live.Retention == "" {
		if err := t.admitsExcluded(ctx, b); err != nil {
			return nil, err
		}
		// Kiso makes its own with the lock, and has it without a retention for a moment.
		if first := place.Adopted || !live.Enabled; first {
			if err := t.endsDeliveries(ctx, b); err != nil {
				return nil, err
			}
		}
	}
	if live.Enabled && live.Retention == "" {
		return nil, b.unretained()
	}
	live.Bucket, live.Region = b.name, b.region
	return &live, nil
}

// admitsExcluded refuses a default retention that would end the deliveries of
// another service.
func (t *lockType) admitsExcluded(ctx context.Context, b *found) error {
	if len(t.Excludes) == 0 {
		return nil
	}
	text, err := b.policy(ctx)
	if err != nil {
		return err
	}
	doc, err := policydoc.Parse(text)
	if err != nil {
		return fmt.Errorf("bucket %s: %w", b.name, err)
	}
	at := slices.IndexFunc(t.Excludes, doc.Admits)
	if at < 0 {
		return nil
	}
	return fmt.Errorf("bucket %[1]s: its policy lets %[2]s write into it, which cannot deliver into a bucket with a default retention: let that service deliver elsewhere, take its statements out of the policy of %[1]s, and run again", b.name, t.Excludes[at])
}

// endsDeliveries refuses a default retention that would end the deliveries of
// somebody whom the policy does not name, or might.
func (t *lockType) endsDeliveries(ctx context.Context, b *found) error {
	if t.Delivers == nil {
		return nil
	}
	who, err := t.Delivers(ctx, b.env, b.name)
	if err == nil && who != "" {
		err = fmt.Errorf("bucket %s: %s, which cannot deliver into a bucket with a default retention: let it deliver elsewhere, and run again", b.name, who)
	}
	return err
}

func (b *found) lock(ctx context.Context) (Lock, error) {
	out, err := b.client().GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &b.name, ExpectedBucketOwner: b.owner()})
	out, err = or(out, err, &s3.GetObjectLockConfigurationOutput{}, "ObjectLockConfigurationNotFoundError", "ObjectLockConfigurationNotFound")
	if err != nil || out.ObjectLockConfiguration == nil {
		return Lock{}, err
	}
	live := Lock{Enabled: out.ObjectLockConfiguration.ObjectLockEnabled == types.ObjectLockEnabledEnabled}
	rule := out.ObjectLockConfiguration.Rule
	if rule == nil || rule.DefaultRetention == nil {
		return live, nil
	}
	live.Mode = Mode(rule.DefaultRetention.Mode)
	switch r := rule.DefaultRetention; {
	case aws.ToInt32(r.Years) > 0:
		live.Retention = Years(int(*r.Years))
	case aws.ToInt32(r.Days) > 0:
		live.Retention = Days(int(*r.Days))
	}
	return live, nil
}

// risk names what nobody can take back. A bucket that is new, or was created
// with the lock, gets nothing that cannot be lifted as long as its retention is
// GOVERNANCE.
func risk(d resource.Delta[Lock]) []resource.Risk {
	var risks []resource.Risk
	if d.Before != nil && !d.Before.Enabled {
		risks = append(risks, resource.Risk{Kind: resource.Irreversible, Text: fmt.Sprintf("Object Lock on the bucket %s cannot be turned off again, nor its versioning be suspended: the bucket exists and has no lock yet. If it is replicated, its destinations need Object Lock too, or replication fails; and %s", d.Before.Bucket, unlockedOnly)})
	}
	if d.After.Mode == compliance && (d.Has("mode") || d.Has("retention")) {
		risks = append(risks, resource.Risk{Kind: resource.Irreversible, Text: fmt.Sprintf("COMPLIANCE retention: nobody, root included, can delete what is written to the bucket%s for %s, nor shorten that", lockedName(d), d.After.Retention)})
	}
	return risks
}

// lockedName is the name of a bucket that is there; that of a new one is its address.
func lockedName(d resource.Delta[Lock]) string {
	if d.Before == nil {
		return ""
	}
	return " " + d.Before.Bucket
}

// apply replaces the whole configuration, which has nothing but these members.
func (t *lockType) apply(ctx context.Context, env resource.Env, d resource.Delta[Lock]) error {
	b, err := located(ctx, env, t.Options, d.ID)
	if err != nil {
		return err
	}
	retention := &types.DefaultRetention{Mode: types.ObjectLockRetentionMode(d.After.Mode)}
	switch n, unit := d.After.Retention.parse(); unit {
	case "year":
		retention.Years = aws.Int32(int32(n))
	default:
		retention.Days = aws.Int32(int32(n))
	}
	_, err = b.client().PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{
		Bucket: &b.name, ExpectedBucketOwner: b.owner(),
		ObjectLockConfiguration: &types.ObjectLockConfiguration{
			ObjectLockEnabled: types.ObjectLockEnabledEnabled,
			Rule:              &types.ObjectLockRule{DefaultRetention: retention},
		},
	})
	return err
}

// located finds the bucket for a write.
func located(ctx context.Context, env resource.Env, o Options, id resource.ID) (*found, error) {
	place, err := o.Locate(ctx, env, id)
	if err != nil {
		return nil, err
	}
	b, err := find(ctx, env, place)
	if err == nil && b == nil {
		err = resource.Pending("the bucket " + place.Name + " cannot be seen yet")
	}
	return b, err
}

// DefaultRetention returns the default retention of a bucket of this account,
// such as "365 days (GOVERNANCE)"; "" if there is none, or no such bucket.
func DefaultRetention(ctx context.Context, env resource.Env, p Place) (string, error) {
	b, err := find(ctx, env, p)
	if err != nil || b == nil {
		return "", err
	}
	return b.retention(ctx)
}

func (b *found) retention(ctx context.Context) (string, error) {
	lock, err := b.lock(ctx)
	if err != nil || lock.Retention == "" {
		return "", err
	}
	return fmt.Sprintf("%s (%s)", lock.Retention, lock.Mode), nil
}

func (b *found) refuseRetention(ctx context.Context, why string) error {
	retention, err := b.retention(ctx)
	if err != nil || retention == "" {
		return err
	}
	return errors.New("bucket " + b.name + " has an Object Lock default retention of " + retention + ": " + why)
}
