package bucket

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Bucket is the model of a log bucket.
type Bucket struct {
	Name         string            `json:"name" diff:"identity"`
	Region       string            `json:"region" diff:"create"`
	Versioning   string            `json:"versioning,omitzero"`
	PublicAccess PublicAccess      `json:"public_access_block"`
	Ownership    string            `json:"object_ownership,omitzero"`
	Encryption   Encryption        `json:"encryption,omitzero"`
	Tags         map[string]string `json:"tags,omitzero" diff:"create"`
}

// PublicAccess holds the four flags of S3 Block Public Access.
type PublicAccess struct {
	BlockACLs       bool `json:"block_public_acls"`
	IgnoreACLs      bool `json:"ignore_public_acls"`
	BlockPolicy     bool `json:"block_public_policy"`
	RestrictBuckets bool `json:"restrict_public_buckets"`
}

// Encryption is the algorithm of the default encryption.
type Encryption string

// Raise keeps whatever encryption a bucket has: SSE-S3 is the weakest.
func (e Encryption) Raise(live Encryption) Encryption {
	if live != "" {
		return live
	}
	return e
}

func wantedBucket(w Wanted) Bucket {
	b := Bucket{
		Name: w.Name, Region: w.Region, Tags: w.Tags,
		PublicAccess: PublicAccess{true, true, true, true},
		Ownership:    string(types.ObjectOwnershipBucketOwnerEnforced),
		Encryption:   Encryption(types.ServerSideEncryptionAes256),
	}
	if w.Versioned {
		b.Versioning = string(types.BucketVersioningStatusEnabled)
	}
	return b
}

func newBucketType(o Options) *resource.Type[Bucket] {
	t := &bucketType{o}
	reads := []string{"GetBucketVersioning", "GetBucketPublicAccessBlock", "GetBucketOwnershipControls", "GetEncryptionConfiguration"}
	writes := permissions("CreateBucket", "PutBucketPublicAccessBlock", "PutBucketOwnershipControls", "PutEncryptionConfiguration")
	toCreate := []string{"TagResource"}
	if o.Locked {
		toCreate = append(toCreate, "PutBucketVersioning", "PutBucketObjectLockConfiguration")
	}
	for _, p := range permissions(toCreate...) {
		p.For = "s3:CreateBucket"
		writes = append(writes, p)
	}
	if o.NoRetention != "" {
		reads = append(reads, "GetBucketObjectLockConfiguration")
	}
	return &resource.Type[Bucket]{
		Kind: resource.Kind(o.Service + ".bucket"),
		Doc: resource.Doc{
			Summary:  "The log bucket: no public access, no ACLs, encrypted, and versioned where its logs are locked.",
			Controls: []string{"S3.8", "S3.12"},
			Reads:    o.toRead(reads...),
			Writes:   writes,
			Changers: []resource.Changer{
				{Path: "versioning", Event: "PutBucketVersioning"},
				{Path: "public_access_block", Event: "PutBucketPublicAccessBlock"}, {Path: "public_access_block", Event: "DeleteBucketPublicAccessBlock"},
				{Path: "object_ownership", Event: "PutBucketOwnershipControls"}, {Path: "object_ownership", Event: "DeleteBucketOwnershipControls"},
				{Path: "encryption", Event: "PutBucketEncryption"}, {Path: "encryption", Event: "DeleteBucketEncryption"},
				{Event: "DeleteBucket"},
			},
		},
		Observe: t.observe,
		LeaveOut: func(ctx context.Context, env resource.Env, d resource.Delta[Bucket]) (paths, notes []string, err error) {
			return t.unused(ctx, env, d.Before != nil, d.Paths())
		},
		Bound:    resource.Always,
		Apply:    t.apply,
		Holds:    func(m Bucket) string { return "the bucket " + m.Name },
		LiveName: func(id resource.ID, live Bucket) string { return liveName(id, live.Name, live.Region) },
		Trace: func(id resource.ID, live *Bucket) resource.Trace {
			if live == nil {
				return trace(id, "", "")
			}
			return trace(id, live.Name, live.Region)
		},
		// Another run, or a first try whose answer was lost, created it.
		Settle: resource.Settle{RetryOn: append([]resource.Transient{{Code: "BucketAlreadyOwnedByYou"}}, transient...)},
	}
}

type bucketType struct{ Options }

func (t *bucketType) observe(ctx context.Context, env resource.Env, id resource.ID) (*Bucket, error) {
	place, err := t.Locate(ctx, env, id)
	if err != nil {
		return nil, err
	}
	b, err := find(ctx, env, place)
	if err != nil || b == nil {
		return nil, err
	}
	live := &Bucket{Name: b.name, Region: b.region}
	var all reads.Group
	all.Go(func() (err error) { live.Versioning, err = b.versioning(ctx); return err })
	all.Go(func() (err error) { live.PublicAccess, err = b.publicAccess(ctx); return err })
	all.Go(func() (err error) { live.Ownership, err = b.ownership(ctx); return err })
	all.Go(func() (err error) { live.Encryption, err = b.encryption(ctx); return err })
	if t.NoRetention != "" {
		all.Go(func() error { return b.refuseRetention(ctx, t.NoRetention) })
	}
	return live, all.Wait()
}

func (b *found) versioning(ctx context.Context) (string, error) {
	out, err := b.client().GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.name, ExpectedBucketOwner: b.owner()})
	if err != nil {
		return "", err
	}
	return string(out.Status), nil
}

func (b *found) publicAccess(ctx context.Context) (PublicAccess, error) {
	out, err := b.client().GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &b.name, ExpectedBucketOwner: b.owner()})
	out, err = or(out, err, &s3.GetPublicAccessBlockOutput{}, "NoSuchPublicAccessBlockConfiguration")
	if err != nil || out.PublicAccessBlockConfiguration == nil {
		return PublicAccess{}, err
	}
	c := out.PublicAccessBlockConfiguration
	return PublicAccess{
		aws.ToBool(c.BlockPublicAcls), aws.ToBool(c.IgnorePublicAcls),
		aws.ToBool(c.BlockPublicPolicy), aws.ToBool(c.RestrictPublicBuckets),
	}, nil
}

func (b *found) ownership(ctx context.Context) (string, error) {
	out, err := b.client().GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &b.name, ExpectedBucketOwner: b.owner()})
	out, err = or(out, err, &s3.GetBucketOwnershipControlsOutput{}, "OwnershipControlsNotFoundError")
	if err != nil || out.OwnershipControls == nil || len(out.OwnershipControls.Rules) == 0 {
		return "", err
	}
	return string(out.OwnershipControls.Rules[0].ObjectOwnership), nil
}

func (b *found) encryption(ctx context.Context) (Encryption, error) {
	out, err := b.client().GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &b.name, ExpectedBucketOwner: b.owner()})
	out, err = or(out, err, &s3.GetBucketEncryptionOutput{}, "ServerSideEncryptionConfigurationNotFoundError")
	if err != nil || out.ServerSideEncryptionConfiguration == nil {
		return "", err
	}
	for _, rule := range out.ServerSideEncryptionConfiguration.Rules {
		if rule.ApplyServerSideEncryptionByDefault != nil {
			return Encryption(rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm), nil
		}
	}
	return "", nil
}

// apply creates the bucket and says every setting once more, so that nothing
// rests on S3's defaults. One that is refused keeps no other from being made.
func (t *bucketType) apply(ctx context.Context, env resource.Env, d resource.Delta[Bucket]) error {
	b := &found{env: env, name: d.After.Name, region: d.After.Region}
	if d.Action == resource.Create {
		if err := b.create(ctx, d.After.Tags, t.Locked); err != nil {
			return err
		}
	}
	var refused error
	for _, setting := range []struct {
		path string
		put  func(context.Context, Bucket) error
	}{
		{"versioning", b.putVersioning},
		{"public_access_block", b.putPublicAccess},
		{"object_ownership", b.putOwnership},
		{"encryption", b.putEncryption},
	} {
		if !d.Has(setting.path) {
			continue
		}
		if err := setting.put(ctx, d.After); refused == nil {
			refused = err
		}
	}
	if refused != nil && d.Action == resource.Create {
		return resource.Made(refused)
	}
	return refused
}

// create is only ever called for a name that is free, and never twice in a row: in
// us-east-1 S3 answers "created" for a bucket that the account has already, and
// resets its ACL (Amazon S3 API reference, CreateBucket).
func (b *found) create(ctx context.Context, tags map[string]string, locked bool) error {
	config := &types.CreateBucketConfiguration{}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		config.Tags = append(config.Tags, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	if b.region != "us-east-1" { // which is no location constraint
		config.LocationConstraint = types.BucketLocationConstraint(b.region)
	}
	input := &s3.CreateBucketInput{Bucket: &b.name, ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}
	if config.LocationConstraint != "" || len(config.Tags) > 0 {
		input.CreateBucketConfiguration = config
	}
	if locked {
		input.ObjectLockEnabledForBucket = aws.Bool(true)
	}
	client := b.client()
	_, err := client.CreateBucket(ctx, input, func(o *s3.Options) { o.RetryMaxAttempts = 1 })
	if awsx.IsCode(err, "BucketAlreadyExists") {
		return &takenError{b.name}
	}
	if awsx.MayHaveWorked(err, client.Options().Retryer) {
		return resource.Pending(awsx.Explain(err))
	}
	return err
}

func (b *found) putVersioning(ctx context.Context, want Bucket) error {
	_, err := b.client().PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &b.name, ExpectedBucketOwner: b.owner(),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatus(want.Versioning)},
	})
	return err
}

// putPublicAccess names all four flags: S3 turns off what it is not told.
func (b *found) putPublicAccess(ctx context.Context, want Bucket) error {
	_, err := b.client().PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
		Bucket: &b.name, ExpectedBucketOwner: b.owner(),
		PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
			BlockPublicAcls:       &want.PublicAccess.BlockACLs,
			IgnorePublicAcls:      &want.PublicAccess.IgnoreACLs,
			BlockPublicPolicy:     &want.PublicAccess.BlockPolicy,
			RestrictPublicBuckets: &want.PublicAccess.RestrictBuckets,
		},
	})
	return err
}

func (b *found) putOwnership(ctx context.Context, want Bucket) error {
	_, err := b.client().PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{
		Bucket: &b.name, ExpectedBucketOwner: b.owner(),
		OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnership(want.Ownership)}}},
	})
	if awsx.IsCode(err, "InvalidBucketAclWithObjectOwnership") {
		return fmt.Errorf("bucket %s: its ACL gives somebody else access, and S3 does not turn ACLs off before that is gone (%s); move those grants into the bucket policy, remove them from the ACL, and run apply again",
			b.name, awsx.ErrorMessage(err))
	}
	return err
}

func (b *found) putEncryption(ctx context.Context, want Bucket) error {
	_, err := b.client().PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{
		Bucket: &b.name, ExpectedBucketOwner: b.owner(),
		ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryption(want.Encryption)},
		}}},
	})
	return err
}
