package bucket_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/policydoc"
	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
	"github.com/kiso-cli/kiso/pkg/sandbox/sts"
	"github.com/kiso-cli/kiso/pkg/services/bucket"
)

const (
	home   = "eu-west-1"
	logs   = "logs-123456789012"
	source = "arn:aws:logger:eu-west-1:123456789012:trail/ours"
)

// world is an account and the kinds of a made-up service.
type world struct {
	*testing.T
	acct  *sandbox.Account
	types bucket.Types
	want  bucket.Wanted
	place *bucket.Place // where the bucket is; nil: where the id says
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, acct: sandbox.New(sandbox.Options{}, s3.New(), sts.New())}
	w.types = bucket.NewTypes(bucket.Options{Service: "test", Locked: true, Locate: w.locate})
	w.want = bucket.Wanted{
		Name: logs, Region: home, Path: "bucket", Versioned: true, Tags: map[string]string{"managed-by": "kiso"}, Source: source,
		Lock: &bucket.Lock{Enabled: true, Mode: "GOVERNANCE", Retention: bucket.Days(365)},
		Statements: []policydoc.Statement{{
			Sid: "Write", Effect: "Allow", Principal: map[string]any{"Service": "logger.amazonaws.com"}, Action: "s3:PutObject",
			Resource:  "arn:aws:s3:::" + logs + "/AWSLogs/123456789012/*",
			Condition: policydoc.Condition{"StringEquals": {"aws:SourceArn": source, "s3:x-amz-acl": "bucket-owner-full-control"}},
		}},
	}
	return w
}

func (w *world) locate(_ context.Context, _ resource.Env, id resource.ID) (bucket.Place, error) {
	if w.place != nil {
		return *w.place, nil
	}
	return bucket.Place{Name: id.Name, Region: string(id.Scope)}, nil
}

func (w *world) session() *awsx.Session {
	w.Helper()
	cfg := w.acct.Config(home)
	session, err := awsx.Open(w.Context(), awsx.Options{Region: home, Base: &cfg})
	require.NoError(w, err)
	return session
}

// plan returns the changes by kind, without the service's prefix.
func (w *world) plan() map[string]resource.Change {
	w.Helper()
	session := w.session()
	w.acct.ResetCalls()
	d := &resource.Declaration{}
	w.types.Declare(resource.Input{Identity: session.Identity}, d, w.want)
	changes, err := plan.Build(w.Context(), resource.Env{Session: session, Reads: reads.New()}, d.Resources)
	require.NoError(w, err)
	assert.Empty(w, w.acct.Writes(), "a plan writes nothing")
	byKind := map[string]resource.Change{}
	for _, c := range changes {
		byKind[strings.TrimPrefix(string(c.ID.Kind), "test.")] = c
	}
	return byKind
}

func (w *world) apply(approve bool) *apply.Result {
	w.Helper()
	var changes []resource.Change
	for _, c := range w.plan() {
		changes = append(changes, c)
	}
	return w.run(changes, approve)
}

func (w *world) run(changes []resource.Change, approve bool) *apply.Result {
	w.Helper()
	result, err := apply.Run(w.Context(), changes, apply.Options{
		Session: w.session(), Exact: true, Approved: func(resource.ID) bool { return approve },
		Registry: resource.NewRegistry([]*resource.Service{{Kinds: w.types.Kinds()}}),
	})
	require.NoError(w, err)
	return result
}

func (w *world) inSync() {
	w.Helper()
	for kind, c := range w.plan() {
		assert.Equal(w, resource.None, c.Action, "%s: %v %s", kind, c.Fields, c.Reason)
	}
}

func (w *world) edit(change func(*s3.Bucket)) {
	s3.Edit(w.acct, func(s *s3.State) { change(s.Buckets[logs]) })
}

func paths(c resource.Change) (paths []string) {
	for _, f := range c.Fields {
		paths = append(paths, f.Path)
	}
	return paths
}

func TestCreate(t *testing.T) {
	for _, region := range []string{home, "us-east-1"} {
		t.Run(region, func(t *testing.T) {
			w := newWorld(t)
			w.want.Region = region
			for kind, c := range w.plan() {
				assert.Equal(t, resource.Create, c.Action, kind)
				assert.Empty(t, c.Risks, kind)
			}
			require.NoError(t, w.apply(false).Err())
			w.inSync()
			b := s3.Get(w.acct).Buckets[logs]
			assert.Equal(t, region, b.Region)
			assert.True(t, b.Locked)
			assert.Equal(t, map[string]string{"managed-by": "kiso"}, b.Tags)
			assert.Equal(t, 365, *b.Retention.Days)
			assert.True(t, b.Permits(access(source)))
			for _, call := range w.acct.Calls() {
				if call.Service == "s3" && call.Operation != "CreateBucket" && call.Operation != "ListBuckets" {
					assert.Contains(t, string(call.Params), `"X-Amz-Expected-Bucket-Owner":"123456789012"`, call.Operation)
				}
			}
		})
	}
}

func access(source string) s3.Access {
	return s3.Access{
		Service: "logger.amazonaws.com", Action: "s3:PutObject", Resource: "arn:aws:s3:::" + logs + "/AWSLogs/123456789012/x",
		Context: map[string]string{"aws:SourceArn": source, "s3:x-amz-acl": "bucket-owner-full-control", "aws:SecureTransport": "true"},
	}
}

// Each setting that leaves the wanted state is named, and put back by its own call.
func TestDrift(t *testing.T) {
	for name, c := range map[string]struct {
		tamper func(*s3.Bucket)
		kind   string
		paths  []string
		writes []string
	}{
		"acls":       {func(b *s3.Bucket) { b.Public.BlockPublicAcls = false }, "bucket", []string{"public_access_block.block_public_acls"}, []string{"PutPublicAccessBlock"}},
		"ignore":     {func(b *s3.Bucket) { b.Public.IgnorePublicAcls = false }, "bucket", []string{"public_access_block.ignore_public_acls"}, []string{"PutPublicAccessBlock"}},
		"policies":   {func(b *s3.Bucket) { b.Public.BlockPublicPolicy = false }, "bucket", []string{"public_access_block.block_public_policy"}, []string{"PutPublicAccessBlock"}},
		"restrict":   {func(b *s3.Bucket) { b.Public.RestrictPublicBuckets = false }, "bucket", []string{"public_access_block.restrict_public_buckets"}, []string{"PutPublicAccessBlock"}},
		"ownership":  {func(b *s3.Bucket) { b.Ownership = "" }, "bucket", []string{"object_ownership"}, []string{"PutBucketOwnershipControls"}},
		"encryption": {func(b *s3.Bucket) { b.Encryption = nil }, "bucket", []string{"encryption"}, []string{"PutBucketEncryption"}},
		"shorter":    {func(b *s3.Bucket) { *b.Retention.Days = 30 }, "bucket_lock", []string{"retention"}, []string{"PutObjectLockConfiguration"}},
		"removed":    {func(b *s3.Bucket) { b.Retention = nil }, "bucket_lock", []string{"object_lock_enabled", "mode", "retention"}, []string{"PutObjectLockConfiguration"}},
		"policy":     {func(b *s3.Bucket) { b.Policy = "" }, "bucket_policy", []string{"statements.AllowSSLRequestsOnly", "statements.Write"}, []string{"PutBucketPolicy"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			require.NoError(t, w.apply(false).Err())
			w.edit(c.tamper)
			for kind, change := range w.plan() {
				if kind == c.kind {
					assert.ElementsMatch(t, c.paths, paths(change))
				} else {
					assert.Equal(t, resource.None, change.Action, kind)
				}
			}
			require.NoError(t, w.apply(false).Err())
			var writes []string
			for _, call := range w.acct.Writes() {
				writes = append(writes, call.Operation)
			}
			assert.Equal(t, c.writes, writes)
			w.inSync()
		})
	}
}

func TestStricterStays(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.apply(false).Err())
	years := 2
	w.edit(func(b *s3.Bucket) {
		b.Encryption = []s3.EncryptionRule{{Algorithm: "aws:kms", KeyID: "k", BucketKey: true}}
		b.Retention = &s3.Retention{Mode: "COMPLIANCE", Years: &years}
	})
	w.inSync()
}

func TestShorterCompliance(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.apply(false).Err())
	days := 100
	w.edit(func(b *s3.Bucket) { b.Retention = &s3.Retention{Mode: "COMPLIANCE", Days: &days} })
	c := w.plan()["bucket_lock"]
	assert.Equal(t, []string{"retention"}, paths(c))
	assert.True(t, c.Irreversible())
	assert.Equal(t, 1, w.apply(false).Count(apply.NotApproved))
	require.NoError(t, w.apply(true).Err())
	r := s3.Get(w.acct).Buckets[logs].Retention
	assert.Equal(t, "COMPLIANCE 365", r.Mode+" "+strings.TrimSuffix(string(bucket.Days(*r.Days)), " days"))
}

func TestLockingWhatIsThereIsIrreversible(t *testing.T) {
	w := newWorld(t)
	s3.Edit(w.acct, func(s *s3.State) { s.Buckets[logs] = &s3.Bucket{Region: home} })
	c := w.plan()["bucket_lock"]
	require.True(t, c.Irreversible())
	assert.Contains(t, c.Risks[0].Text, "cannot be turned off")

	result := w.apply(false)
	assert.Equal(t, 1, result.Count(apply.NotApproved))
	assert.Equal(t, 2, result.Count(apply.Applied), "the rest is done")
	assert.False(t, s3.Get(w.acct).Buckets[logs].Locked)
	require.NoError(t, w.apply(true).Err())
	w.inSync()
}

func TestNewComplianceIsIrreversible(t *testing.T) {
	w := newWorld(t)
	w.want.Lock = &bucket.Lock{Enabled: true, Mode: "COMPLIANCE", Retention: bucket.Years(7)}
	require.Len(t, w.plan()["bucket_lock"].Risks, 1)
	assert.Contains(t, w.plan()["bucket_lock"].Risks[0].Text, "7 years")
	require.NoError(t, w.apply(true).Err())
	assert.Equal(t, 7, *s3.Get(w.acct).Buckets[logs].Retention.Years)
	w.inSync()
}

// However far a run came, the next one finishes, and needs no approval for it.
func TestEveryWriteMayBeTheLast(t *testing.T) {
	for _, after := range []bool{false, true} {
		for k := range 8 {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				fault := w.acct.Inject(sandbox.Fault{
					Service: "s3", WritesOnly: true, Skip: k, AfterEffect: after,
					Kind: sandbox.Custom, Code: "AccountProblem", Status: 403, Message: "There is a problem with your account",
				})
				w.apply(false)
				assert.Equal(t, k < 7, fault.Hits() > 0, "7 writes")
				w.acct.ClearFaults()
				require.NoError(t, w.apply(false).Err())
				w.inSync()
			})
		}
	}
}

func TestLaggingReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.acct.Adjust(func(o *sandbox.Options) { o.ReadLag = 40 * time.Second })
		require.NoError(t, w.apply(false).Err())
		time.Sleep(time.Minute)
		w.inSync()
	})
}

// No call can reach a bucket of the same name that another account has taken in
// the meantime.
func TestCallsNameTheOwner(t *testing.T) {
	w := newWorld(t)
	w.acct.ResetCalls()
	require.NoError(t, w.apply(true).Err())
	w.edit(func(b *s3.Bucket) { *b = s3.Bucket{Region: b.Region, Created: b.Created} })
	require.NoError(t, w.apply(true).Err())
	for _, c := range w.acct.Calls() {
		if c.Service == "s3" && c.Operation != "CreateBucket" && c.Operation != "ListBuckets" {
			assert.Contains(t, strings.ToLower(string(c.Params)), `"x-amz-expected-bucket-owner":"123456789012"`, c.Operation)
		}
	}
}

func TestForeignStatementsSurvive(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.apply(false).Err())
	foreign := `{"Effect":"Deny","Principal":{"AWS":"*"},"Action":["s3:DeleteBucket"],"Resource":["arn:aws:s3:::` + logs + `"]}`
	theirs := `{"Sid":"Theirs","Effect":"Allow","Principal":{"Service":"elsewhere.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + logs + `/x/*"}`
	w.edit(func(b *s3.Bucket) {
		b.Policy = `{"Version":"2008-10-17","Id":"x","Statement":[` + foreign + `,` + theirs + `]}`
	})
	require.NoError(t, w.apply(false).Err())
	policy := s3.Get(w.acct).Buckets[logs].Policy
	assert.True(t, strings.HasPrefix(policy, `{"Version":"2008-10-17","Id":"x","Statement":[`+foreign+`,`+theirs+`,`), policy)
	w.inSync()
}

// What denies on another condition under the Sid of ours is stricter than nothing,
// and stays; what only looks like ours is put right.
func TestADenialOfTheSameSid(t *testing.T) {
	for condition, stays := range map[string]bool{
		`{"NumericLessThan":{"s3:TlsVersion":"1.2"}}`:                                        true,
		`{"Bool":{"aws:SecureTransport":"false"},"NumericLessThan":{"s3:TlsVersion":"1.2"}}`: true,
		`{"Bool":{"aws:SecureTransport":"true"}}`:                                            false,
	} {
		w := newWorld(t)
		require.NoError(t, w.apply(false).Err())
		statement := `{"Sid":"AllowSSLRequestsOnly","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::` + logs + `","arn:aws:s3:::` + logs + `/*"],"Condition":` + condition + `}`
		w.edit(func(b *s3.Bucket) { b.Policy = `{"Version":"2012-10-17","Statement":[` + statement + `]}` })
		require.NoError(t, w.apply(false).Err())
		w.inSync()
		policy := s3.Get(w.acct).Buckets[logs].Policy
		assert.Equal(t, stays, strings.Contains(policy, condition), policy)
		assert.Contains(t, policy, `"aws:SecureTransport":"false"`)
	}
}

// A statement of somebody's own lets the same service in for anybody: it stays,
// and the plan says so.
func TestUnboundStatementsOfOthersAreNoted(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.apply(false).Err())
	w.edit(func(b *s3.Bucket) {
		b.Policy = strings.Replace(b.Policy, `"Statement":[`, `"Statement":[{"Sid":"Old","Effect":"Allow","Principal":{"Service":["logger.amazonaws.com"]},"Action":"s3:PutObject","Resource":"arn:aws:s3:::`+logs+`/*"},`+
			`{"Effect":"Allow","Principal":{"Service":"other.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::`+logs+`/*"},`, 1)
	})
	c := w.plan()["bucket_policy"]
	assert.Equal(t, resource.None, c.Action)
	require.Len(t, c.Notes, 1)
	assert.Contains(t, c.Notes[0], "the statement Old lets logger.amazonaws.com do s3:PutObject whomever it acts for")
}

func TestSharedBucketKeepsOthersDelivery(t *testing.T) {
	const other = "arn:aws:logger:eu-west-1:222222222222:trail/theirs"
	statement := func(condition string) string {
		return `{"Statement":[{"Sid":"Write","Effect":"Allow","Principal":{"Service":"logger.amazonaws.com"},"Action":"s3:PutObject","Resource":["arn:aws:s3:::` +
			logs + `/AWSLogs/222222222222/*","arn:aws:s3:::` + logs + `/AWSLogs/123456789012/*"]` + condition + `}]}`
	}
	theirs := access(other)
	theirs.Resource = "arn:aws:s3:::" + logs + "/AWSLogs/222222222222/x"

	t.Run("bound", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.apply(false).Err())
		w.edit(func(b *s3.Bucket) {
			b.Policy = statement(`,"Condition":{"StringEquals":{"aws:SourceArn":"` + other + `"}}`)
		})
		require.NoError(t, w.apply(false).Err())
		b := s3.Get(w.acct).Buckets[logs]
		assert.True(t, b.Permits(theirs))
		assert.True(t, b.Permits(access(source)))
		assert.False(t, b.Permits(access("arn:aws:logger:eu-west-1:333333333333:trail/x")))
		w.inSync()
	})
	t.Run("not bound", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.apply(false).Err())
		w.edit(func(b *s3.Bucket) { b.Policy = statement("") })
		c := w.plan()["bucket_policy"]
		assert.Equal(t, []string{"statements.AllowSSLRequestsOnly"}, paths(c))
		require.Len(t, c.Notes, 1)
		assert.Contains(t, c.Notes[0], "222222222222")
	})
	t.Run("ours alone, not bound", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.apply(false).Err())
		w.edit(func(b *s3.Bucket) {
			b.Policy = strings.Replace(statement(""), `"arn:aws:s3:::`+logs+`/AWSLogs/222222222222/*",`, "", 1)
		})
		require.NoError(t, w.apply(false).Err())
		b := s3.Get(w.acct).Buckets[logs]
		assert.True(t, b.Permits(access(source)))
		assert.False(t, b.Permits(access(other)))
	})
}

// A statement that AWS's documentation names as ours may be bound in a form that
// ours cannot take in, or be for several services: it stays, and ours goes beside.
func TestStatementsBoundInOtherForms(t *testing.T) {
	const (
		own     = `"arn:aws:s3:::` + logs + `/AWSLogs/123456789012/*"`
		any     = `"arn:aws:s3:::` + logs + `/AWSLogs/*"`
		logger  = `"logger.amazonaws.com"`
		loggers = `["logger.amazonaws.com","delivery.logs.amazonaws.com"]`
	)
	sibling, cousin := access("arn:aws:logger:eu-west-1:123456789012:trail/second"), access("arn:aws:logger:eu-west-1:222222222222:trail/theirs")
	sibling.Context["aws:SourceAccount"] = "123456789012"
	cousin.Resource = "arn:aws:s3:::" + logs + "/AWSLogs/222222222222/x"
	cousin.Context["aws:SourceOrgID"] = "o-abc"
	for name, c := range map[string]struct {
		services, resource, condition string
		keeps                         s3.Access
	}{
		"pattern of ARNs":     {logger, own, `"StringLike":{"aws:SourceArn":"arn:aws:logger:*:123456789012:trail/*"}`, sibling},
		"ARNs":                {logger, own, `"ArnLike":{"AWS:SourceArn":["arn:aws:logger:eu-west-1:123456789012:trail/second"]}`, sibling},
		"account":             {logger, own, `"StringEquals":{"aws:SourceAccount":"123456789012"}`, sibling},
		"organization":        {logger, any, `"StringEquals":{"aws:SourceOrgID":"o-abc"}`, cousin},
		"another account":     {logger, any, `"StringLike":{"aws:SourceArn":"arn:aws:logger:*:222222222222:trail/*"}`, cousin},
		"of several services": {loggers, own, `"StringEquals":{"aws:SourceArn":"arn:aws:logger:eu-west-1:123456789012:trail/second"}`, sibling},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			require.NoError(t, w.apply(false).Err())
			theirs := `{"Sid":"Write","Effect":"Allow","Principal":{"Service":` + c.services + `},"Action":"s3:PutObject","Resource":` + c.resource + `,"Condition":{` + c.condition + `}}`
			w.edit(func(b *s3.Bucket) { b.Policy = `{"Version":"2012-10-17","Statement":[` + theirs + `]}` })
			require.True(t, s3.Get(w.acct).Buckets[logs].Permits(c.keeps))
			require.NoError(t, w.apply(false).Err())
			b := s3.Get(w.acct).Buckets[logs]
			assert.Contains(t, b.Policy, theirs, "as it was written")
			assert.True(t, b.Permits(c.keeps))
			assert.True(t, b.Permits(access(source)))
			assert.False(t, b.Permits(access("arn:aws:logger:eu-west-1:333333333333:trail/x")))
			w.inSync()
		})
	}
}

// A bucket that is in use under another name, in another region, for another
// source and prefix gets what the spec asks for its own.
func TestAdopted(t *testing.T) {
	const theirs = "arn:aws:logger:us-west-2:123456789012:trail/theirs"
	w := newWorld(t)
	w.place = &bucket.Place{Name: "old-logs", Region: home, Adopted: true, Source: theirs, Prefix: "p"}
	s3.Edit(w.acct, func(s *s3.State) {
		s.Buckets["old-logs"] = &s3.Bucket{Region: "us-west-2", Versioning: "Suspended"}
	})
	for kind, c := range w.plan() {
		assert.Equal(t, resource.Update, c.Action, kind)
	}
	require.NoError(t, w.apply(true).Err())
	w.inSync()
	b := s3.Get(w.acct).Buckets["old-logs"]
	allowed := access(theirs)
	allowed.Resource = "arn:aws:s3:::old-logs/p/AWSLogs/123456789012/x"
	assert.True(t, b.Permits(allowed), b.Policy)
	assert.NotContains(t, b.Policy, logs)
	assert.NotContains(t, b.Policy, source)
	assert.Nil(t, s3.Get(w.acct).Buckets[logs])
}

func TestWhoseBucket(t *testing.T) {
	blocked := func(t *testing.T, w *world, words ...string) {
		for kind, c := range w.plan() {
			assert.Equal(t, resource.Blocked, c.Action, kind)
			for _, word := range words {
				assert.Contains(t, c.Reason, word)
			}
		}
	}
	t.Run("the name is taken", func(t *testing.T) {
		w := newWorld(t)
		s3.Edit(w.acct, func(s *s3.State) { s.Buckets[logs] = &s3.Bucket{Region: "us-east-2", Owner: "999999999999"} })
		blocked(t, w, "taken by another account", "choose another bucket name")
	})
	t.Run("ours, and closed", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.apply(false).Err())
		w.acct.Inject(sandbox.Fault{Operation: "HeadBucket", Kind: sandbox.Deny})
		blocked(t, w, "s3:ListBucket denied")
	})
	t.Run("who knows", func(t *testing.T) {
		w := newWorld(t)
		w.acct.Inject(sandbox.Fault{Operation: "HeadBucket", Kind: sandbox.Deny})
		w.acct.Inject(sandbox.Fault{Operation: "ListBuckets", Kind: sandbox.Deny})
		blocked(t, w, "belongs to another account, or", "s3:ListAllMyBuckets")
	})
	t.Run("in use, and not ours", func(t *testing.T) {
		w := newWorld(t)
		s3.Edit(w.acct, func(s *s3.State) { s.Buckets["central"] = &s3.Bucket{Region: home, Owner: "999999999999"} })
		w.place = &bucket.Place{Name: "central", Region: home, Adopted: true, Source: source}
		for kind, c := range w.plan() {
			assert.Equal(t, resource.Managed, c.Action, kind)
			assert.Equal(t, "another account", c.Owner)
		}
	})
	t.Run("in use, and gone", func(t *testing.T) {
		w := newWorld(t)
		w.place = &bucket.Place{Name: "gone", Region: home, Adopted: true, Source: source}
		blocked(t, w, "does not exist", source)
	})
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Run("grants", func(t *testing.T) {
		w := newWorld(t)
		s3.Edit(w.acct, func(s *s3.State) {
			s.Buckets[logs] = &s3.Bucket{Region: home, Ownership: "ObjectWriter", Grants: []s3.Grant{{Grantee: "x", Permission: "READ"}}}
		})
		assert.ErrorContains(t, w.apply(true).Err(), "its ACL gives somebody else access")
		assert.NotEmpty(t, s3.Get(w.acct).Buckets[logs].Encryption, "the other settings are made")
	})
	t.Run("public statement", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.apply(false).Err())
		w.edit(func(b *s3.Bucket) {
			b.Policy = `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + logs + `/*"}]}`
		})
		assert.ErrorContains(t, w.apply(false).Err(), "take the statement out, or name who it is for")
	})
	t.Run("policy size", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.apply(false).Err())
		w.edit(func(b *s3.Bucket) {
			b.Policy = `{"Statement":[{"Sid":"` + strings.Repeat("x", 20000) + `","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::` + logs + `"}]}`
		})
		assert.ErrorContains(t, w.apply(false).Err(), "S3 takes 20480")
	})
	t.Run("default retention", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.apply(false).Err())
		w.types = bucket.NewTypes(bucket.Options{Service: "test", NoRetention: "the logger cannot write into it"})
		w.want.Lock = nil
		assert.Contains(t, w.plan()["bucket"].Reason, "default retention of 365 days (GOVERNANCE): the logger cannot write into it")
	})
}

func TestReadDenied(t *testing.T) {
	for operation, kind := range map[string]string{
		"GetBucketVersioning": "bucket", "GetPublicAccessBlock": "bucket", "GetBucketOwnershipControls": "bucket",
		"GetBucketEncryption": "bucket", "GetBucketPolicy": "bucket_policy", "GetObjectLockConfiguration": "bucket_lock",
	} {
		t.Run(operation, func(t *testing.T) {
			w := newWorld(t)
			require.NoError(t, w.apply(false).Err())
			w.acct.Inject(sandbox.Fault{Operation: operation, Kind: sandbox.Deny})
			assert.Equal(t, resource.Blocked, w.plan()[kind].Action)
		})
	}
}
