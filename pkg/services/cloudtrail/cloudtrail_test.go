package cloudtrail_test

import (
	"path"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/engine"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	trailsim "github.com/kiso-cli/kiso/pkg/sandbox/cloudtrail"
	configsim "github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
	"github.com/kiso-cli/kiso/pkg/services/cloudtrail"
	"github.com/kiso-cli/kiso/pkg/spec"
)

// world is an account and a spec for it.
type world struct {
	*testing.T
	acct    *sandbox.Account
	home    string
	section string
}

func newWorld(t *testing.T, options sandbox.Options, home string) *world {
	return &world{T: t, acct: sandbox.New(options, simulators()...), home: home, section: "cloudtrail: {}"}
}

var only = []*resource.Service{cloudtrail.Service}

func (w *world) engine() *engine.Engine {
	w.Helper()
	cfg := w.acct.Config(w.home)
	e, err := engine.Open(w.Context(), only, "test", awsx.Options{Base: &cfg, Region: w.home}, "")
	require.NoError(w, err)
	return e
}

// plan returns the changes by kind, without the service's prefix.
func (w *world) plan() map[string]resource.Change {
	w.Helper()
	decoded, err := spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: "+w.home+"\n"+w.section+"\n"), engine.Sections(only))
	require.NoError(w, err)
	p, err := w.engine().Plan(w.Context(), decoded)
	require.NoError(w, err)
	changes := map[string]resource.Change{}
	for _, c := range p.Changes {
		changes[strings.TrimPrefix(string(c.ID.Kind), "cloudtrail.")] = c
	}
	return changes
}

func (w *world) apply(approve bool) *apply.Result {
	w.Helper()
	decoded, err := spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: "+w.home+"\n"+w.section+"\n"), engine.Sections(only))
	require.NoError(w, err)
	e := w.engine()
	p, err := e.Plan(w.Context(), decoded)
	require.NoError(w, err)
	result, err := e.Apply(w.Context(), p, apply.Options{Exact: true, Approved: func(resource.ID) bool { return approve }})
	require.NoError(w, err)
	return result
}

func (w *world) inSync() {
	w.Helper()
	for kind, c := range w.plan() {
		assert.Equal(w, resource.None, c.Action, "%s: %v %s", kind, c.Fields, c.Reason)
	}
}

// seed puts a trail that logs everything into a region, and its bucket beside it.
func (w *world) seed(region, name string, change func(*trailsim.Trail)) {
	trail := &trailsim.Trail{Bucket: name + "-logs", Global: true, MultiRegion: true, Validation: true, Logging: true}
	if change != nil {
		change(trail)
	}
	trailsim.Edit(w.acct, region, func(s *trailsim.State) { s.Trails[name] = trail })
	s3.Edit(w.acct, func(s *s3.State) { s.Buckets[trail.Bucket] = &s3.Bucket{Region: "us-west-2"} })
}

// opens lets CloudTrail write into a bucket, so that its trail delivers.
func (w *world) opens(bucket string) {
	s3.Edit(w.acct, func(s *s3.State) {
		s.Buckets[bucket].Policy = `{"Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:*","Resource":["arn:aws:s3:::` + bucket + `","arn:aws:s3:::` + bucket + `/*"]}]}`
	})
}

func paths(c resource.Change) (paths []string) {
	for _, f := range c.Fields {
		paths = append(paths, f.Path)
	}
	return paths
}

func TestAdoptsAnotherTrailWithItsBucket(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "ap-northeast-1")
	w.seed("us-east-1", "company", func(trail *trailsim.Trail) {
		trail.Validation, trail.Logging, trail.Prefix, trail.KMSKey = false, false, "trails", "arn:aws:kms:us-west-2:123456789012:key/k"
		trail.Advanced = []trailsim.AdvancedSelector{
			{Name: "writes", Fields: []trailsim.FieldSelector{{Field: "eventCategory", Equals: []string{"Management"}}, {Field: "readOnly", Equals: []string{"false"}}}},
			{Name: "objects", Fields: []trailsim.FieldSelector{{Field: "eventCategory", Equals: []string{"Data"}}, {Field: "resources.type", Equals: []string{"AWS::S3::Object"}}}},
		}
	})
	plan := w.plan()
	assert.Equal(t, resource.Update, plan["trail"].Action)
	assert.Equal(t, []string{"log_file_validation", "management_events", "logging"}, paths(plan["trail"]))
	assert.True(t, plan["bucket_lock"].Irreversible(), "locking a bucket that is there")
	assert.Equal(t, "trail company in us-east-1", plan["trail"].LiveName)
	for _, kind := range []string{"bucket", "bucket_lock", "bucket_policy"} {
		assert.Equal(t, "bucket company-logs in us-west-2", plan[kind].LiveName, kind)
	}

	require.NoError(t, w.apply(true).Err())
	w.inSync()
	trail := trailsim.Get(w.acct, "us-east-1").Trails["company"]
	assert.True(t, trail.Validation && trail.Logging)
	assert.Equal(t, "company-logs", trail.Bucket)
	assert.NotEmpty(t, trail.KMSKey)
	assert.Equal(t, []string{"objects", "Management events"}, []string{trail.Advanced[0].Name, trail.Advanced[1].Name})
	buckets := s3.Get(w.acct).Buckets
	require.Len(t, buckets, 1, "none is made")
	assert.True(t, buckets["company-logs"].Locked)
	assert.Contains(t, buckets["company-logs"].Policy, `"arn:aws:s3:::company-logs/trails/AWSLogs/123456789012/*"`)
	assert.Contains(t, buckets["company-logs"].Policy, `"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:123456789012:trail/company"`)
	assert.Empty(t, trailsim.Get(w.acct, "ap-northeast-1").Trails)
}

// What of a trail may not be changed keeps nothing else from being made: a stopped
// one is started.
func TestWhatIsRefusedOfATrailKeepsNoOtherFromBeingMade(t *testing.T) {
	for operation, left := range map[string]string{"UpdateTrail": "log_file_validation", "PutEventSelectors": "management_events", "StartLogging": "logging"} {
		w := newWorld(t, sandbox.Options{}, "us-west-2")
		w.seed("us-west-2", "company", func(trail *trailsim.Trail) {
			trail.Validation, trail.Logging = false, false
			trail.Selectors = []trailsim.EventSelector{{ReadWriteType: "WriteOnly", Management: aws.Bool(true)}}
		})
		w.acct.Inject(sandbox.Fault{Operation: operation, Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP})
		assert.ErrorContains(t, w.apply(true).Err(), "cloudtrail:"+operation+" denied by a service control policy", operation)
		assert.Equal(t, []string{left}, paths(w.plan()["trail"]), operation)
	}
}

// A lock that retains nothing yet is as good as none, and said to be another bucket's
// than the address has.
func TestALockThatRetainsNothing(t *testing.T) {
	for section, adopted := range map[string]bool{"cloudtrail: {}": true, "cloudtrail: {bucket: {name: company-logs}}": false} {
		w := newWorld(t, sandbox.Options{}, "us-west-2")
		w.section = section
		w.seed("us-west-2", "company", nil)
		s3.Edit(w.acct, func(s *s3.State) {
			s.Buckets["company-logs"].Locked, s.Buckets["company-logs"].Versioning = true, "Enabled"
		})
		if !adopted { // a bucket that the spec names, and no trail has yet
			trailsim.Edit(w.acct, "us-west-2", func(s *trailsim.State) { delete(s.Trails, "company") })
		}
		lock := w.plan()["bucket_lock"]
		assert.Equal(t, resource.Create, lock.Action)
		require.Len(t, lock.Notes, 1)
		assert.Contains(t, lock.Notes[0], "it is for the bucket company-logs, which is locked and retains nothing yet: once it does, nothing may deliver into it that cannot")
		require.NoError(t, w.apply(true).Err())
		w.inSync()
		assert.Empty(t, w.plan()["bucket_lock"].Notes)
	}
}

// A trail of the wanted name that was there first keeps its bucket too: that kiso
// would make one of its own is no reason to move the logs.
func TestATrailOfTheWantedNameKeepsItsBucket(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.seed("eu-west-1", "kiso", func(trail *trailsim.Trail) { trail.Prefix = "trails" })
	s3.Edit(w.acct, func(s *s3.State) {
		b := s.Buckets["kiso-logs"]
		b.Versioning, b.Locked, b.Retention = "Enabled", true, &s3.Retention{Mode: "COMPLIANCE", Years: aws.Int(7)}
	})
	assert.NotContains(t, paths(w.plan()["trail"]), "s3_bucket_name")
	require.NoError(t, w.apply(true).Err())
	w.inSync()
	buckets := s3.Get(w.acct).Buckets
	require.Len(t, buckets, 1, "none is made")
	assert.Equal(t, &s3.Retention{Mode: "COMPLIANCE", Years: aws.Int(7)}, buckets["kiso-logs"].Retention)
	assert.Contains(t, buckets["kiso-logs"].Policy, `"arn:aws:s3:::kiso-logs/trails/AWSLogs/123456789012/*"`)
	assert.Contains(t, buckets["kiso-logs"].Policy, `"aws:SourceArn":"arn:aws:cloudtrail:eu-west-1:123456789012:trail/kiso"`)
}

// Where the bucket may not be looked at, it is what is said, and no other's name.
func TestATrailWhoseBucketMayNotBeLookedAt(t *testing.T) {
	for _, operations := range [][]string{{"HeadBucket"}, {"HeadBucket", "ListBuckets"}} {
		w := newWorld(t, sandbox.Options{}, "eu-west-1")
		w.seed("eu-west-1", "kiso", func(trail *trailsim.Trail) { trail.Validation = false })
		for _, operation := range operations {
			w.acct.Inject(sandbox.Fault{Operation: operation, Kind: sandbox.Deny})
		}
		plan := w.plan()
		assert.Equal(t, resource.Blocked, plan["bucket"].Action)
		assert.Contains(t, plan["bucket"].Reason, "bucket kiso-logs: s3:ListBucket denied")
		assert.Contains(t, plan["trail"].Reason, "needs cloudtrail.bucket/eu-west-1/kiso/"+logs+", which is blocked: bucket kiso-logs: s3:ListBucket denied")
	}
}

// A bucket that the spec names is made, and the trail pointed to it: its policy
// has the trail's prefix at once.
func TestNewBucketForATrailWithAPrefix(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.section = "cloudtrail: {bucket: {name: named-logs}}"
	w.seed("eu-west-1", "kiso", func(trail *trailsim.Trail) { trail.Prefix = "trails" })
	plan := w.plan()["trail"]
	assert.Equal(t, []string{"s3_bucket_name"}, paths(plan))
	require.Len(t, plan.Risks, 1)
	assert.Contains(t, plan.Risks[0].Text, "the trail kiso delivers to the bucket kiso-logs, and will to named-logs")
	require.NoError(t, w.apply(true).Err())
	w.inSync()
	assert.Contains(t, s3.Get(w.acct).Buckets["named-logs"].Policy, `"arn:aws:s3:::named-logs/trails/AWSLogs/123456789012/*"`)
}

// A policy that kiso makes lets in the one trail and no other.
func TestTheBucketIsTheTrailsAlone(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	require.NoError(t, w.apply(false).Err())
	b := s3.Get(w.acct).Buckets[logs]
	for trail, permitted := range map[string]bool{
		"arn:aws:cloudtrail:eu-west-1:123456789012:trail/kiso":   true,
		"arn:aws:cloudtrail:eu-west-1:123456789012:trail/second": false,
		"arn:aws:cloudtrail:eu-west-1:222222222222:trail/kiso":   false,
	} {
		context := map[string]string{"aws:SourceArn": trail, "aws:SecureTransport": "true", "s3:x-amz-acl": "bucket-owner-full-control"}
		for action, resource := range map[string]string{"s3:GetBucketAcl": logs, "s3:PutObject": logs + "/AWSLogs/123456789012/x"} {
			assert.Equal(t, permitted, b.Permits(s3.Access{Service: "cloudtrail.amazonaws.com", Action: action, Resource: "arn:aws:s3:::" + resource, Context: context}), "%s %s", trail, action)
		}
	}
}

// What other trails could write to a bucket by a statement that names none, they
// can write when it names some.
func TestTrailsThatShareABucket(t *testing.T) {
	statements := func(others string) string {
		return `{"Statement":[
			{"Sid":"AWSCloudTrailAclCheck20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::company-logs"},
			{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject",
			 "Resource":["arn:aws:s3:::company-logs/AWSLogs/123456789012/*"` + others + `],"Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}`
	}
	check := func(arn string) s3.Access {
		return s3.Access{Service: "cloudtrail.amazonaws.com", Action: "s3:GetBucketAcl", Resource: "arn:aws:s3:::company-logs", Context: map[string]string{"aws:SourceArn": arn, "aws:SecureTransport": "true"}}
	}
	for name, c := range map[string]struct{ others, trail, prefix string }{
		"of this account":            {"", "arn:aws:cloudtrail:us-east-1:123456789012:trail/second", ""},
		"of one region, not at home": {"", "arn:aws:cloudtrail:ap-northeast-1:123456789012:trail/local", ""},
		"of another one":             {`,"arn:aws:s3:::company-logs/AWSLogs/222222222222/*"`, "arn:aws:cloudtrail:us-east-1:222222222222:trail/theirs", "trails"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{}, "eu-west-1")
			w.seed("us-east-1", "second", func(trail *trailsim.Trail) { trail.Bucket, trail.Logging = "company-logs", false })
			w.seed("ap-northeast-1", "local", func(trail *trailsim.Trail) { trail.Bucket, trail.MultiRegion = "company-logs", false })
			w.seed("us-east-1", "company", func(trail *trailsim.Trail) { trail.Prefix = c.prefix })
			s3.Edit(w.acct, func(s *s3.State) { s.Buckets["company-logs"].Policy = statements(c.others) })
			require.NoError(t, w.apply(true).Err())
			w.inSync()
			b := s3.Get(w.acct).Buckets["company-logs"]
			assert.True(t, b.Permits(check("arn:aws:cloudtrail:us-east-1:123456789012:trail/company")))
			assert.True(t, b.Permits(check(c.trail)))
			assert.Contains(t, b.Policy, path.Join("company-logs", c.prefix, "AWSLogs/123456789012/*"))
			bound := c.others == ""
			assert.Equal(t, bound, !b.Permits(check("arn:aws:cloudtrail:us-east-1:333333333333:trail/x")))
		})
	}
}

// AWS Config need not be named in the policy to deliver to a bucket.
func TestBucketThatAWSConfigDeliversToByARoleOfItsOwn(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.seed("us-east-1", "company", nil)
	configsim.Edit(w.acct, "eu-west-2", func(s *configsim.State) { s.Channel = &configsim.Channel{Name: "default", Bucket: "company-logs"} })
	lock := w.plan()["bucket_lock"]
	assert.Equal(t, resource.Blocked, lock.Action)
	assert.Contains(t, lock.Reason, "bucket company-logs: the delivery channel of AWS Config in eu-west-2 writes into it")
	assert.Contains(t, lock.Reason, "let it deliver elsewhere")
	require.NoError(t, w.apply(true).Err())
	assert.False(t, s3.Get(w.acct).Buckets["company-logs"].Locked)

	// Object Lock without a retention ends nothing yet; the retention would.
	s3.Edit(w.acct, func(s *s3.State) { s.Buckets["company-logs"].Locked = true })
	assert.Contains(t, w.plan()["bucket_lock"].Reason, "the delivery channel of AWS Config in eu-west-2 writes into it")
	require.NoError(t, w.apply(true).Err())
	assert.Nil(t, s3.Get(w.acct).Buckets["company-logs"].Retention)

	// What cannot be asked is not taken for "no".
	configsim.Edit(w.acct, "eu-west-2", func(s *configsim.State) { s.Channel.Bucket = "elsewhere" })
	w.acct.Inject(sandbox.Fault{Operation: "DescribeDeliveryChannels", Region: "eu-west-3", Kind: sandbox.Deny})
	lock = w.plan()["bucket_lock"]
	assert.Equal(t, resource.Blocked, lock.Action)
	assert.Contains(t, lock.Reason, "config:DescribeDeliveryChannels denied")
	w.acct.ClearFaults()
	assert.Equal(t, resource.Create, w.plan()["bucket_lock"].Action)
}

// A default retention would end the deliveries of AWS Config, and of S3's own
// access logs.
func TestBucketThatOthersDeliverTo(t *testing.T) {
	for _, principal := range []string{"config.amazonaws.com", "logging.s3.amazonaws.com"} {
		w := newWorld(t, sandbox.Options{}, "eu-west-1")
		w.seed("us-east-1", "company", nil)
		s3.Edit(w.acct, func(s *s3.State) {
			s.Buckets["company-logs"].Policy = `{"Statement":{"Effect":"Allow","Principal":{"Service":"` + principal + `"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::company-logs/*"}}`
		})
		lock := w.plan()["bucket_lock"]
		assert.Equal(t, resource.Blocked, lock.Action)
		assert.Contains(t, lock.Reason, "lets "+principal+" write into it")
		assert.Contains(t, lock.Reason, "let that service deliver elsewhere")
		require.NoError(t, w.apply(true).Err())
		assert.False(t, s3.Get(w.acct).Buckets["company-logs"].Locked)
	}
}

// AWS's words for a bucket that it cannot write into do not say what to look for.
func TestABucketThatCloudTrailNeverMayWriteInto(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Options{}, "eu-west-1")
		w.acct.Inject(sandbox.Fault{Operation: "CreateTrail", Kind: sandbox.Custom, Code: "InsufficientS3BucketPolicyException", Message: "Incorrect S3 bucket policy is detected for bucket: x"})
		err := w.apply(false).Err()
		require.ErrorContains(t, err, "InsufficientS3BucketPolicyException")
		assert.ErrorContains(t, err, "Deny statements")
		assert.ErrorContains(t, err, "Requester Pays")
	})
}

func TestChoosesAmongTrails(t *testing.T) {
	for name, c := range map[string]struct {
		seed func(*world)
		want string
	}{
		"the wanted name": {func(w *world) { w.seed("us-east-1", "aaa", nil); w.seed("eu-west-1", "kiso", nil) }, "kiso"},
		"the wanted name, of every region": {func(w *world) {
			w.seed("eu-west-1", "kiso", func(t *trailsim.Trail) { t.MultiRegion = false })
			w.seed("us-east-1", "kiso", func(t *trailsim.Trail) { t.Bucket = "theirs" })
		}, `kiso","home_region":"us-east-1`},
		"the one that logs": {func(w *world) {
			w.seed("us-east-1", "aaa", func(t *trailsim.Trail) { t.Logging = false })
			w.seed("us-east-1", "zzz", func(t *trailsim.Trail) { t.DeliveryError = "AccessDenied" })
		}, "zzz"},
		"the one that delivers": {func(w *world) {
			w.seed("us-east-1", "aaa", func(t *trailsim.Trail) { t.DeliveryError = "AccessDenied" })
			w.seed("us-west-2", "zzz", nil)
			w.opens("zzz-logs")
		}, "zzz"},
		"the one that records management events": {func(w *world) {
			w.seed("us-east-1", "aaa", func(t *trailsim.Trail) {
				t.Advanced = []trailsim.AdvancedSelector{{Name: "objects", Fields: []trailsim.FieldSelector{
					{Field: "eventCategory", Equals: []string{"Data"}}, {Field: "resources.type", Equals: []string{"AWS::S3::Object"}},
				}}}
			})
			w.seed("us-east-1", "zzz", func(t *trailsim.Trail) { t.Logging, t.Validation = false, false })
		}, "zzz"},
		"the one that is as wanted, whatever its deliveries": {func(w *world) {
			w.seed("us-east-1", "aaa", func(t *trailsim.Trail) { t.Validation = false })
			w.opens("aaa-logs")
			w.seed("us-east-1", "zzz", func(t *trailsim.Trail) { t.DeliveryError = "AccessDenied" })
		}, "zzz"},
		"the one whose region lets itself be asked": {func(w *world) {
			w.seed("us-east-1", "aaa", nil)
			w.seed("us-west-2", "zzz", nil)
			w.acct.Inject(sandbox.Fault{Operation: "GetTrailStatus", Region: "us-east-1", Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP})
		}, "zzz"},
		"the first name": {func(w *world) { w.seed("us-west-2", "bbb", nil); w.seed("us-east-1", "ccc", nil) }, "bbb"},
		"of its own region, raised": {func(w *world) {
			w.seed("eu-west-1", "kiso", func(t *trailsim.Trail) { t.MultiRegion = false })
		}, "kiso"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{}, "eu-west-1")
			c.seed(w)
			change := w.plan()["trail"]
			assert.Contains(t, string(change.Before), `"name":"`+c.want+`"`)
			require.NoError(t, w.apply(true).Err())
			w.inSync()
		})
	}
}

// A bad day of the trail in use is no reason to turn to another.
func TestTheTrailInUseStaysTheOne(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.seed("us-east-1", "aaa", nil)
	w.seed("us-east-1", "zzz", nil)
	w.opens("aaa-logs")
	w.opens("zzz-logs")
	require.NoError(t, w.apply(true).Err())
	for days, want := range map[int]string{1: "aaa", 8: "zzz"} {
		trailsim.Edit(w.acct, "us-east-1", func(s *trailsim.State) {
			s.Trails["aaa"].DeliveryError, s.Trails["aaa"].Delivered = "AccessDenied", time.Now().AddDate(0, 0, -days)
		})
		assert.Contains(t, string(w.plan()["trail"].Before), `"name":"`+want+`"`, "%d days", days)
	}
}

// A trail of one region, though it has the wanted name, does not become a second
// copy of what another records everywhere. Where there is no other it is raised.
func TestATrailOfOneRegionWithTheWantedName(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.seed("eu-west-1", "kiso", func(t *trailsim.Trail) { t.MultiRegion = false })
	assert.Contains(t, string(w.plan()["trail"].Before), `"name":"kiso"`)
	assert.Contains(t, paths(w.plan()["trail"]), "multi_region")

	w.seed("us-east-1", "company", nil)
	assert.Contains(t, string(w.plan()["trail"].Before), `"name":"company"`)
	require.NoError(t, w.apply(true).Err())
	w.inSync()
	assert.False(t, trailsim.Get(w.acct, "eu-west-1").Trails["kiso"].MultiRegion)
}

// Kiso's own trail is put right, though there is another that could serve.
func TestKisosTrailIsNotGivenUpForAnother(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	require.NoError(t, w.apply(false).Err())
	w.seed("us-east-1", "company", nil)
	trailsim.Edit(w.acct, "eu-west-1", func(s *trailsim.State) { s.Trails["kiso"].MultiRegion, s.Trails["kiso"].Logging = false, false })
	plan := w.plan()["trail"]
	assert.Contains(t, string(plan.Before), `"name":"kiso"`)
	assert.Equal(t, []string{"multi_region", "logging"}, paths(plan))
	require.NoError(t, w.apply(false).Err())
	w.inSync()
}

func TestSingleRegionTrailsAreLeftAlone(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.seed("eu-west-1", "local", func(t *trailsim.Trail) { t.MultiRegion = false })
	before := trailsim.Get(w.acct, "eu-west-1").Trails["local"]
	change := w.plan()["trail"]
	assert.Equal(t, resource.Create, change.Action)
	require.Len(t, change.Notes, 1)
	assert.Contains(t, change.Notes[0], "trail/local")
	assert.Contains(t, change.Notes[0], "$2.00 per 100,000 events")
	require.NoError(t, w.apply(false).Err())
	assert.Equal(t, before, trailsim.Get(w.acct, "eu-west-1").Trails["local"])
	assert.NotEmpty(t, w.plan()["trail"].Notes)
}

// Somebody points the trail to a bucket of their own: it is pointed back.
func TestRepointedTrail(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	require.NoError(t, w.apply(false).Err())
	trailsim.Edit(w.acct, "eu-west-1", func(s *trailsim.State) { s.Trails["kiso"].Bucket = "evil" })
	plan := w.plan()
	assert.Equal(t, []string{"s3_bucket_name"}, paths(plan["trail"]))
	assert.Contains(t, plan["trail"].Notes[0], "NoSuchBucket")
	require.NoError(t, w.apply(false).Err())
	w.inSync()
}

func TestBucketOfAnotherAccount(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	w.seed("eu-west-1", "company", func(t *trailsim.Trail) { t.Validation = false })
	s3.Edit(w.acct, func(s *s3.State) { s.Buckets["company-logs"].Owner = "999999999999" })
	plan := w.plan()
	for _, kind := range []string{"bucket", "bucket_policy", "bucket_lock"} {
		assert.Equal(t, resource.Managed, plan[kind].Action, kind)
		assert.Equal(t, "another account", plan[kind].Owner)
		assert.Contains(t, plan[kind].Reason, "company-logs")
	}
	require.NoError(t, w.apply(false).Err())
	assert.True(t, trailsim.Get(w.acct, "eu-west-1").Trails["company"].Validation, "the trail itself is the account's")
}

func TestOrganizationTrail(t *testing.T) {
	organization := func(change func(*trailsim.Trail)) func(*trailsim.Trail) {
		return func(t *trailsim.Trail) {
			t.Account, t.Organization, t.Bucket = "999999999999", true, "central"
			if change != nil {
				change(t)
			}
		}
	}
	t.Run("serves", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{}, "eu-west-1")
		w.seed("us-east-1", "all", organization(nil))
		plan := w.plan()
		for kind, c := range plan {
			assert.Equal(t, resource.Managed, c.Action, kind)
			assert.Equal(t, "organization trail arn:aws:cloudtrail:us-east-1:999999999999:trail/all", c.Owner)
		}
		assert.True(t, plan["trail"].MeetsSpec)
		w.acct.ResetCalls()
		require.NoError(t, w.apply(false).Err())
		assert.Empty(t, w.acct.Writes())
	})
	t.Run("with selectors of its own", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{}, "eu-west-1")
		w.seed("us-east-1", "all", organization(func(t *trailsim.Trail) { t.Selectors = []trailsim.EventSelector{{}} }))
		plan := w.plan()["trail"]
		assert.Contains(t, strings.Join(plan.Notes, " "), "not known")
		assert.Equal(t, resource.Managed, plan.Action)
		assert.False(t, plan.MeetsSpec, "what is not known is not as wanted")
		w.seed("us-east-1", "plain", organization(nil))
		assert.Equal(t, "organization trail arn:aws:cloudtrail:us-east-1:999999999999:trail/plain", w.plan()["trail"].Owner)
	})
	t.Run("with selectors of its own, beside a trail of the account", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{}, "eu-west-1")
		w.seed("us-east-1", "all", organization(func(t *trailsim.Trail) { t.Selectors = []trailsim.EventSelector{{}} }))
		w.seed("us-east-1", "own", func(t *trailsim.Trail) { t.Logging = false })
		assert.Equal(t, []string{"logging"}, paths(w.plan()["trail"]))
	})
	t.Run("of this very account", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{}, "eu-west-1")
		w.seed("us-east-1", "all", func(t *trailsim.Trail) { t.Organization, t.Validation = true, false })
		assert.Equal(t, []string{"log_file_validation"}, paths(w.plan()["trail"]))
		require.NoError(t, w.apply(true).Err())
		w.inSync()
		assert.True(t, trailsim.Get(w.acct, "us-east-1").Trails["all"].Organization)
	})
	for name, weak := range map[string]func(*trailsim.Trail){
		"silent":            func(t *trailsim.Trail) { t.Logging = false },
		"without digests":   func(t *trailsim.Trail) { t.Validation = false },
		"of another region": func(t *trailsim.Trail) { t.MultiRegion = false },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{}, "eu-west-1")
			w.seed("us-east-1", "all", organization(weak))
			assert.Equal(t, resource.Create, w.plan()["trail"].Action, "an own one besides")
			require.NoError(t, w.apply(false).Err())
			w.inSync()
		})
	}
	t.Run("beside the account's own", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{}, "eu-west-1")
		require.NoError(t, w.apply(false).Err())
		w.seed("us-east-1", "all", organization(nil))
		w.inSync()
	})
}

func TestNotesOnDelivery(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	require.NoError(t, w.apply(false).Err())
	trailsim.Edit(w.acct, "eu-west-1", func(s *trailsim.State) {
		s.Trails["kiso"].DeliveryError, s.Trails["kiso"].DigestError = "AccessDenied", "NoSuchBucket"
		s.Trails["kiso"].LogsError, s.Trails["kiso"].NoticeError = "LogGroupGone", "TopicGone"
	})
	notes := w.plan()["trail"].Notes
	require.Len(t, notes, 4)
	assert.Contains(t, notes[2], "CloudWatch Logs failed with LogGroupGone")
	assert.Contains(t, notes[3], "notification failed with TopicGone")
	assert.Contains(t, notes[0], "failed with AccessDenied")
	assert.Contains(t, notes[1], "digest delivery")
	w.inSync()
}

func TestNoRoom(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	for _, name := range []string{"a00", "b00", "c00", "d00", "e00"} {
		w.seed("eu-west-1", name, func(t *trailsim.Trail) { t.MultiRegion = false })
	}
	for kind, c := range w.plan() {
		assert.Equal(t, resource.Blocked, c.Action, kind)
		assert.Contains(t, c.Reason, "no room for a multi-region trail")
		assert.Contains(t, c.Reason, "trail/a00")
	}
	require.NoError(t, w.apply(false).Err())
	assert.Len(t, s3.Get(w.acct).Buckets, 5, "no bucket is made for a trail that cannot be")
}

// Room may be lacking where the home region does not see it.
func TestNoRoomElsewhere(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	for _, name := range []string{"a00", "b00", "c00", "d00", "e00"} {
		w.seed("us-east-1", name, func(t *trailsim.Trail) { t.MultiRegion = false })
	}
	err := w.apply(false).Err()
	assert.ErrorContains(t, err, "no room for a multi-region trail")
	assert.ErrorContains(t, err, "already has 5 trails in us-east-1")
}

func TestPartitions(t *testing.T) {
	for partition, home := range map[string]string{"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"} {
		t.Run(partition, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{Partition: partition}, home)
			require.NoError(t, w.apply(false).Err())
			w.inSync()
			assert.NotContains(t, string(w.acct.Snapshot()), "arn:aws:")
		})
	}
}

func TestYearsReplaceDays(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "us-east-1")
	w.section = "cloudtrail: {trail_name: audit, bucket: {name: \"logs-{account_id}\", object_lock: {years: 7}}}"
	require.NoError(t, w.apply(false).Err())
	w.inSync()
	b := s3.Get(w.acct).Buckets["logs-123456789012"]
	assert.Equal(t, 7, *b.Retention.Years)
	assert.NotNil(t, trailsim.Get(w.acct, "us-east-1").Trails["audit"])
}

func TestSpecRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"trail_name: a--b":                           "no adjacent",
		"bucket: {object_lock: {days: 1, years: 1}}": "days or in years",
		"bucket: {object_lock: {days: 0}}":           "days",
		"bucket: {object_lock: {mode: governance}}":  "GOVERNANCE",
		"bucket: {name: Logs}":                       `"Logs" is not the name of a bucket`,
	} {
		_, err := spec.Decode("kiso.yaml", []byte("version: 1\nhome_region: eu-west-1\ncloudtrail: {"+text+"}\n"), engine.Sections(only))
		assert.ErrorContains(t, err, want, text)
	}
}

// A plan waits for three answers one after the other, and asks ten questions.
func TestReadsOfAPlan(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, "eu-west-1")
	require.NoError(t, w.apply(false).Err())
	w.acct.ResetCalls()
	w.inSync()
	calls := 0
	for _, c := range w.acct.Calls() {
		if c.Service == "cloudtrail" || c.Service == "s3" {
			calls++
		}
	}
	assert.Equal(t, 10, calls)
}
