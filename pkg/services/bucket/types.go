// Package bucket keeps S3 buckets that AWS services write logs into: the bucket
// and its settings, its policy statement by statement, its default retention.
// A service makes kinds of its own from it with NewTypes. The package knows the
// S3 API; it must not know which service writes into a bucket, nor why.
package bucket

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kiso-cli/kiso/internal/policydoc"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Options say what a service's log buckets are.
type Options struct {
	// Service is the part of the kinds before the dot.
	Service string
	// Locked buckets are created with Object Lock, and have a third kind for
	// their default retention.
	Locked bool
	// Excludes are the principals of services that cannot write where there is a
	// default retention: a locked bucket whose policy admits one gets none.
	Excludes []string
	// Delivers says who else writes into a bucket without being named in its policy,
	// and cannot where there is a default retention: a bucket that was there first
	// gets none then. "" is nobody. May be nil.
	Delivers func(ctx context.Context, env resource.Env, bucket string) (string, error)
	// NoRetention says why a bucket of this service cannot have a default
	// retention: one that does is refused with these words. "" is no such rule.
	NoRetention string
	// Locate finds the bucket that an id is about. With a *resource.ManagedError
	// somebody else decides about it. nil: the id names bucket and region.
	Locate func(ctx context.Context, env resource.Env, id resource.ID) (Place, error)
	// Unused says why nothing would write into a bucket that is not there: it is
	// left unmade then. "" is that something would. May be nil.
	Unused func(ctx context.Context, env resource.Env) string
	// LocateReads are the permissions that Locate takes, UnusedReads those of Unused,
	// DeliversReads of Delivers, SharingReads and PrefixesReads of Place's functions.
	LocateReads, UnusedReads, DeliversReads, SharingReads, PrefixesReads []resource.Permission
}

// Place is where a bucket is, and who writes into it.
type Place struct {
	Name   string
	Region string // where it is expected, or to be created; a bucket elsewhere is found all the same

	// What follows is for a bucket that is in use already.

	Adopted bool   // the bucket is not the one that the spec names
	Source  string // ARN that the service writes for: takes the place of Wanted.Source
	Prefix  string // of the object keys, before AWSLogs/

	// Sharing tells the ARNs that the service writes for as well, or may: a policy
	// that lets them must go on to. It is asked where the live policy names no
	// sources; may be nil.
	Sharing func(ctx context.Context) ([]string, error)
	// Prefixes tells those before AWSLogs/ below which the service writes, besides
	// none. May be nil.
	Prefixes func(ctx context.Context) []string
}

// unused leaves out all of a change, given its paths, of a bucket that is not there
// and that nothing would write into.
func (o Options) unused(ctx context.Context, env resource.Env, there bool, paths []string) ([]string, []string, error) {
	if there || o.Unused == nil {
		return nil, nil, nil
	}
	if why := o.Unused(ctx, env); why != "" {
		return paths, []string{why}, nil
	}
	return nil, nil, nil
}

// Types are the kinds of one service's log buckets.
type Types struct {
	Bucket *resource.Type[Bucket]
	Policy *resource.Type[Policy]
	Lock   *resource.Type[Lock] // nil unless Options.Locked
}

// NewTypes makes the kinds "<service>.bucket", "<service>.bucket_policy" and,
// for locked ones, "<service>.bucket_lock".
func NewTypes(o Options) Types {
	if o.Locate == nil {
		o.Locate = named
	}
	t := Types{Bucket: newBucketType(o), Policy: newPolicyType(o)}
	if o.Locked {
		t.Lock = newLockType(o)
	}
	return t
}

func named(_ context.Context, _ resource.Env, id resource.ID) (Place, error) {
	return Place{Name: id.Name, Region: string(id.Scope)}, nil
}

// Kinds lists the kinds.
func (t Types) Kinds() []resource.KindInfo {
	kinds := []resource.KindInfo{t.Bucket, t.Policy}
	if t.Lock != nil {
		kinds = append(kinds, t.Lock)
	}
	return kinds
}

// Wanted is what a service's section asks of its bucket.
type Wanted struct {
	ID         string // name in the resources' ids; "" is Name
	Name       string
	Region     string
	Path       string // of the section: "bucket"
	Versioned  bool
	Tags       map[string]string
	Statements []policydoc.Statement // of the service; the TLS-only one is added
	Source     string                // ARN in the statements that Place.Source takes the place of
	Lock       *Lock                 // of locked buckets
}

// Declare declares a bucket, its policy and its retention. It returns what a
// writer into it needs. S3 wants the calls on one bucket one after the other
// (Amazon S3 API reference, OperationAborted), hence the order.
func (t Types) Declare(in resource.Input, d *resource.Declaration, w Wanted) []resource.Ref {
	scope, id := resource.Scope(w.Region), w.ID
	if id == "" {
		id = w.Name
	}
	bucket, policy := t.Bucket.ID(scope, id), t.Policy.ID(scope, id)
	before := []resource.Ref{resource.Needs(bucket)}
	d.Add(t.Bucket.New(scope, id, w.Path, wantedBucket(w)))
	needs := []resource.Ref{resource.Needs(bucket), resource.Needs(policy)}
	if w.Lock != nil {
		d.Add(t.Lock.New(scope, id, w.Path+".object_lock", *w.Lock, before...))
		after := resource.After(t.Lock.ID(scope, id))
		before, needs = append(before, after), append(needs, after)
	}
	d.Add(t.Policy.New(scope, id, w.Path, wantedPolicy(in, w), before...))
	return needs
}

// Client returns the session's S3 client of a region. An emulator under one
// address is spoken to in path style.
func Client(env resource.Env, region string) *s3.Client {
	return awsx.Client(env.Session, region, s3.NewFromConfig, func(o *s3.Options) { o.UsePathStyle = env.CustomEndpoint() })
}

// transient are the codes of changes that S3 refuses while it is still busy
// with, or has not heard of, another one (Amazon S3 API reference, error codes).
var transient = []resource.Transient{{Code: "OperationAborted"}, {Code: "NoSuchBucket"}}

// anyBucket is the ARN of the buckets of permissions: a spec may name any.
const anyBucket = "arn:{partition}:s3:::*"

// permissions are for buckets of the account itself, wherever they live. Two
// cannot say whose the bucket is: it is not there yet, or perhaps never was, and
// must be seen to be missing.
func permissions(actions ...string) []resource.Permission {
	list := make([]resource.Permission, len(actions))
	for i, a := range actions {
		list[i] = resource.Permission{Action: "s3:" + a, Resource: anyBucket, Anywhere: true}
		if a != "CreateBucket" && a != "ListBucket" {
			list[i].Condition = map[string]string{"aws:ResourceAccount": "{account_id}"}
		}
	}
	return list
}

// ToFind are the permissions that finding a bucket takes, and more of S3's
// actions on it.
func ToFind(more ...string) []resource.Permission {
	return append([]resource.Permission{{Action: "s3:ListAllMyBuckets", Anywhere: true, For: "s3:ListBucket"}}, permissions(append([]string{"ListBucket"}, more...)...)...)
}

// toRead are the permissions that reading a bucket of these options takes.
func (o Options) toRead(actions ...string) []resource.Permission {
	return slices.Concat(o.LocateReads, o.UnusedReads, ToFind(actions...))
}

// trace: S3's calls are recorded in the region of the bucket that they name.
// liveName is a bucket's name, and its region, where the address of what is set on
// it says otherwise.
func liveName(id resource.ID, name, region string) string {
	declared := trace(id, "", "")
	switch {
	case name == "" || name == declared.Names[0] && region == declared.Region:
		return ""
	case region == declared.Region:
		return "bucket " + name
	}
	return fmt.Sprintf("bucket %s in %s", name, region)
}

func trace(id resource.ID, name, region string) resource.Trace {
	if name == "" {
		name = id.Name[strings.LastIndexByte(id.Name, '/')+1:]
	}
	if region == "" {
		region = string(id.Scope)
	}
	return resource.Trace{Region: region, Names: []string{name}}
}
