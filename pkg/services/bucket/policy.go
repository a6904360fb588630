package bucket

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kiso-cli/kiso/internal/policydoc"
	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Policy is the model of a bucket policy: its statements by Sid, and how the
// bucket is used.
type Policy struct {
	Statements map[string]policydoc.Statement `json:"statements"`

	Document string   `json:"document,omitzero" diff:"-"` // as it is, statements of others included
	Bucket   string   `json:"bucket" diff:"-"`            // ARN
	Source   string   `json:"source,omitzero" diff:"-"`   // ARN that the service writes for
	Sharing  []string `json:"sharing,omitzero" diff:"-"`  // ARNs of others that the service writes for
	Prefix   string   `json:"prefix,omitzero" diff:"-"`   // of the object keys
	Prefixes []string `json:"prefixes,omitzero" diff:"-"` // of the object keys, besides none
	Region   string   `json:"region,omitzero" diff:"-"`
}

func (p Policy) bucketName() string { return p.Bucket[strings.LastIndexByte(p.Bucket, ':')+1:] }

// maxPolicy is the longest policy that S3 takes (Amazon S3 user guide, "Bucket
// policies for Amazon S3").
const maxPolicy = 20 << 10

func wantedPolicy(in resource.Input, w Wanted) Policy {
	p := Policy{Bucket: in.Identity.ARN("s3", "", w.Name), Source: w.Source, Statements: map[string]policydoc.Statement{}}
	for _, s := range append([]policydoc.Statement{tlsOnly(p.Bucket)}, w.Statements...) {
		p.Statements[s.Sid] = s
	}
	return p
}

// tlsOnly denies what does not come over TLS (Amazon S3 user guide, "Security
// best practices").
func tlsOnly(bucket string) policydoc.Statement {
	return policydoc.Statement{
		Sid: "AllowSSLRequestsOnly", Effect: "Deny", Principal: "*", Action: "s3:*",
		Resource:  []string{bucket, bucket + "/*"},
		Condition: policydoc.Condition{"Bool": {"aws:SecureTransport": "false"}},
	}
}

func newPolicyType(o Options) *resource.Type[Policy] {
	t := &policyType{o}
	return &resource.Type[Policy]{
		Kind: resource.Kind(o.Service + ".bucket_policy"),
		Doc: resource.Doc{
			Summary:  "The statements of the bucket policy that refuse requests without TLS and let the service write. Statements of others stay.",
			Controls: []string{"S3.5"},
			Reads:    slices.Concat(o.toRead("GetBucketPolicy"), o.SharingReads, o.PrefixesReads),
			Writes:   permissions("PutBucketPolicy"),
			Changers: []resource.Changer{{Event: "PutBucketPolicy"}, {Event: "DeleteBucketPolicy"}, {Event: "DeleteBucket"}},
		},
		Observe:  t.observe,
		LiveName: func(id resource.ID, live Policy) string { return liveName(id, live.bucketName(), live.Region) },
		Trace: func(id resource.ID, live *Policy) resource.Trace {
			if live == nil {
				return trace(id, "", "")
			}
			return trace(id, live.bucketName(), live.Region)
		},
		Adapt: adaptPolicy,
		LeaveOut: func(ctx context.Context, env resource.Env, d resource.Delta[Policy]) (paths, notes []string, err error) {
			return t.unused(ctx, env, d.Before != nil && d.Before.Region != "", d.Paths())
		},
		Bound:  resource.Always,
		Apply:  t.apply,
		Settle: resource.Settle{RetryOn: transient},
	}
}

type policyType struct{ Options }

// observe finds a policy of a bucket that is in use even where it has none:
// what is wanted then depends on who uses it.
func (t *policyType) observe(ctx context.Context, env resource.Env, id resource.ID) (*Policy, error) {
	place, err := t.Locate(ctx, env, id)
	if err != nil {
		return nil, err
	}
	b, err := find(ctx, env, place)
	if err != nil {
		return nil, err
	}
	live := &Policy{Bucket: env.Identity.ARN("s3", "", place.Name), Source: place.Source, Prefix: place.Prefix}
	if place.Prefixes != nil {
		live.Prefixes = place.Prefixes(ctx)
	}
	if b != nil {
		live.Region = b.region
		if live.Document, err = b.policy(ctx); err != nil {
			return nil, err
		}
	}
	if live.Document == "" && live.Source == "" && live.Prefix == "" && len(live.Prefixes) == 0 {
		return nil, nil
	}
	doc, err := policydoc.Parse(live.Document)
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", place.Name, err)
	}
	live.Statements = doc.BySid()
	if place.Sharing != nil && len(doc.Unbound()) > 0 {
		live.Sharing, err = place.Sharing(ctx)
	}
	return live, err
}

func (b *found) policy(ctx context.Context) (string, error) {
	key := reads.Key{Service: "s3", Region: b.region, Call: "GetBucketPolicy", Arg: b.name}
	return reads.Get(ctx, b.env.Reads, key, func(ctx context.Context) (string, error) {
		out, err := b.client().GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &b.name, ExpectedBucketOwner: b.owner()})
		out, err = or(out, err, &s3.GetBucketPolicyOutput{}, "NoSuchBucketPolicy")
		if err != nil {
			return "", err
		}
		return aws.ToString(out.Policy), nil
	})
}

// apply puts the policy with the statements that differ in it.
func (t *policyType) apply(ctx context.Context, env resource.Env, d resource.Delta[Policy]) error {
	b, err := located(ctx, env, t.Options, d.ID)
	if err != nil {
		return err
	}
	doc, err := policydoc.Parse(d.After.Document)
	if err != nil {
		return fmt.Errorf("bucket %s: %w", b.name, err)
	}
	changed := map[string]policydoc.Statement{}
	for sid, s := range d.After.Statements {
		if d.Has("statements." + sid) {
			changed[sid] = s
		}
	}
	policy := doc.With(changed).String()
	if len(policy) > maxPolicy {
		return fmt.Errorf("bucket %s: with kiso's statements the policy would be %d bytes long, and S3 takes %d; shorten the statements that are there (%d bytes), or choose another bucket name in the spec",
			b.name, len(policy), maxPolicy, len(d.After.Document))
	}
	_, err = b.client().PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &b.name, ExpectedBucketOwner: b.owner(), Policy: &policy})
	if awsx.IsCode(err, "MalformedPolicy") {
		return fmt.Errorf("bucket %s: S3 does not take its policy back as it is (%s): a statement may name a user or role that has been deleted, which then stands as an id such as AIDA... or AROA...; take such principals out of the policy, and run apply again",
			b.name, awsx.ErrorMessage(err))
	}
	if awsx.Denied(err) && strings.Contains(awsx.ErrorMessage(err), "BlockPublicPolicy") {
		return fmt.Errorf("bucket %s: its policy has a statement that lets everybody in, and with that S3 takes no change of it while public policies are blocked; take the statement out, or name who it is for, and run apply again", b.name)
	}
	return err
}
