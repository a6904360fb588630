package config_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	iamapi "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

func TestFromNothing(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	for address, c := range w.plan() {
		assert.Equal(t, resource.Create, c.Action, address)
		assert.Empty(t, c.Risks, address)
	}
	require.NoError(t, w.apply().Err())

	for _, region := range w.regions {
		live := w.region(region)
		assert.Equal(t, "default", live.Recorder.Name)
		assert.Equal(t, role, live.Recorder.RoleARN)
		assert.Equal(t, sim.Group{Strategy: sim.AllSupported, IncludeGlobal: region == home}, live.Recorder.Group, region)
		assert.Equal(t, sim.Mode{Frequency: "CONTINUOUS"}, live.Recorder.Mode)
		assert.Equal(t, map[string]string{"managed-by": "kiso"}, live.Recorder.Tags)
		assert.True(t, live.Recorder.Recording)
		assert.Equal(t, &sim.Channel{Name: "default", Bucket: logs}, live.Channel)
	}
	b := s3.Get(w.acct).Buckets[logs]
	assert.Equal(t, home, b.Region)
	assert.False(t, b.Locked)
	assert.Contains(t, b.Policy, `"AWS:SourceAccount":"123456789012"`)
	assert.Contains(t, b.Policy, "aws:SecureTransport")

	w.inSync()
	w.acct.ResetCalls()
	require.NoError(t, w.apply().Err())
	assert.Empty(t, w.acct.Writes(), "a second run writes nothing")
}

func TestPlanOfEveryRegionIsCheap(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	w.regions = enabled()
	require.Len(t, w.regions, 17)
	w.settle()
	for address, c := range w.plan() {
		assert.Empty(t, c.Notes, address)
	}
	calls := map[string]int{}
	for _, c := range w.acct.Calls() {
		calls[c.Service]++
	}
	assert.Equal(t, 4*17, calls["config"])
	assert.Equal(t, 1, calls["iam"])
	assert.LessOrEqual(t, calls["s3"], 9)
}

func enabled() []string {
	var regions []string
	for name, status := range sandbox.DefaultRegions("aws") {
		if status == "ENABLED_BY_DEFAULT" {
			regions = append(regions, name)
		}
	}
	return regions
}

func TestPartitions(t *testing.T) {
	for partition, regions := range map[string][]string{
		"aws-cn": {"cn-north-1", "cn-northwest-1"}, "aws-us-gov": {"us-gov-east-1", "us-gov-west-1"}, "aws-eusc": {"eusc-de-east-1"},
	} {
		t.Run(partition, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{Partition: partition})
			w.home, w.regions = regions[0], regions
			w.settle()
			assert.NotContains(t, string(w.acct.Snapshot()), "arn:aws:")
			assert.Equal(t, partition != "aws-eusc", w.region(regions[0]).Recorder.Group.IncludeGlobal)
		})
	}
}

// Each leaf of the models is changed alone: the plan names it, apply repairs it.
func TestDrift(t *testing.T) {
	narrowed := func(g sim.Group) func(*world) {
		return func(w *world) { w.edit(home, func(s *sim.State) { s.Recorder.Group = g }) }
	}
	for name, test := range map[string]struct {
		tamper func(*world)
		want   map[string][]string
	}{
		"one type only": {
			narrowed(sim.Group{Strategy: sim.Inclusion, Types: []string{"AWS::IAM::Role"}}),
			map[string][]string{"config.recorder/eu-west-1/recorder": {"all_supported", "resource_types"}},
		},
		"one type left out": {
			narrowed(sim.Group{Strategy: sim.Exclusion, Excluded: []string{"AWS::S3::Bucket"}}),
			map[string][]string{"config.recorder/eu-west-1/recorder": {"all_supported", "excluded_resource_types"}},
		},
		"no global types": {
			narrowed(sim.Group{Strategy: sim.AllSupported}),
			map[string][]string{"config.recorder/eu-west-1/recorder": {"include_global_resource_types"}},
		},
		"daily": {
			func(w *world) { w.edit(home, func(s *sim.State) { s.Recorder.Mode.Frequency = "DAILY" }) },
			map[string][]string{"config.recorder/eu-west-1/recorder": {"recording_frequency"}},
		},
		"stopped": {
			func(w *world) { w.edit(home, func(s *sim.State) { s.Recorder.Recording = false }) },
			map[string][]string{"config.recording/eu-west-1/recording": {"recording"}},
		},
		"another bucket": {
			func(w *world) {
				s3.Edit(w.acct, func(s *s3.State) { s.Buckets["elsewhere"] = &s3.Bucket{Region: other} })
				w.edit(home, func(s *sim.State) { s.Channel.Bucket = "elsewhere" })
			},
			map[string][]string{"config.delivery_channel/eu-west-1/channel": {"s3_bucket_name"}},
		},
		"a bucket that is gone": {
			func(w *world) { w.edit(home, func(s *sim.State) { s.Channel.Bucket = "gone" }) },
			map[string][]string{"config.delivery_channel/eu-west-1/channel": {"s3_bucket_name"}},
		},
		"no channel": {
			func(w *world) { w.edit(home, func(s *sim.State) { s.Channel, s.Recorder.Recording = nil, false }) },
			map[string][]string{
				"config.delivery_channel/eu-west-1/channel": {"name", "s3_bucket_name"},
				"config.recording/eu-west-1/recording":      {"recording"},
			},
		},
		"no policy": {
			func(w *world) { w.editBucket(func(b *s3.Bucket) { b.Policy = "" }) },
			map[string][]string{"config.bucket_policy/eu-west-1/" + logs: {
				"statements.AWSConfigBucketDelivery", "statements.AWSConfigBucketExistenceCheck",
				"statements.AWSConfigBucketPermissionsCheck", "statements.AllowSSLRequestsOnly",
			}},
		},
		"public": {
			func(w *world) { w.editBucket(func(b *s3.Bucket) { b.Public = nil }) },
			map[string][]string{"config.bucket/eu-west-1/" + logs: {
				"public_access_block.block_public_acls", "public_access_block.ignore_public_acls",
				"public_access_block.block_public_policy", "public_access_block.restrict_public_buckets",
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := settled(t)
			test.tamper(w)
			assert.Equal(t, test.want, w.changed())
			require.NoError(t, w.apply().Err())
			w.inSync()
		})
	}
}

func TestADeletedRecorderIsMadeAgain(t *testing.T) {
	w := settled(t)
	w.edit(home, func(s *sim.State) { *s = sim.State{} })
	assert.Equal(t, []string{"config.delivery_channel/eu-west-1/channel", "config.recorder/eu-west-1/recorder", "config.recording/eu-west-1/recording"}, addresses(w.changed()))
	require.NoError(t, w.apply().Err())
	w.inSync()
}

func TestFailuresAreNoted(t *testing.T) {
	w := settled(t)
	w.edit(home, func(s *sim.State) { s.Recorder.Failure = &sim.Failure{Code: "AccessDenied", Message: "no"} })
	w.edit(other, func(s *sim.State) { s.Channel.Failure = &sim.Failure{Code: "NoSuchBucket", Message: "gone"} })
	w.inSync()
	planned := w.plan()
	require.Len(t, planned["config.recording/eu-west-1/recording"].Notes, 1)
	assert.Contains(t, planned["config.recording/eu-west-1/recording"].Notes[0], "AccessDenied: no")
	require.Len(t, planned["config.delivery_channel/us-east-1/channel"].Notes, 1)
	assert.Contains(t, planned["config.delivery_channel/us-east-1/channel"].Notes[0], "NoSuchBucket: gone")
}

func TestAStatusThatFailsHidesNoChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Options{})
		w.settle()
		w.acct.Inject(sandbox.Fault{Operation: "DescribeDeliveryChannelStatus", Region: home, Kind: sandbox.InternalError})
		w.inSync()
		notes := w.plan()["config.delivery_channel/eu-west-1/channel"].Notes
		require.Len(t, notes, 1)
		assert.Contains(t, notes[0], "whether deliveries succeed is not known: config:DescribeDeliveryChannelStatus failed")
	})
}

func lock(b *s3.Bucket) {
	b.Locked, b.Versioning, b.Retention = true, "Enabled", &s3.Retention{Mode: "GOVERNANCE", Days: aws.Int(30)}
}

func TestABucketWithRetentionIsRefused(t *testing.T) {
	t.Run("when planning", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{})
		s3.Edit(w.acct, func(s *s3.State) { s.Buckets[logs] = &s3.Bucket{Region: home}; lock(s.Buckets[logs]) })
		planned := w.plan()
		for _, address := range []string{"config.bucket/eu-west-1/" + logs, "config.delivery_channel/eu-west-1/channel", "config.recording/eu-west-1/recording"} {
			assert.Equal(t, resource.Blocked, planned[address].Action, address)
			assert.Contains(t, planned[address].Reason, "default retention of 30 days (GOVERNANCE): AWS Config cannot deliver", address)
		}
	})
	t.Run("when it was locked since", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{})
		w.regions = []string{home}
		w.settle()
		w.edit(home, func(s *sim.State) { s.Channel, s.Recorder.Recording = nil, false })
		changes := w.build()
		w.editBucket(lock)
		err := w.run(changes).Err()
		require.ErrorContains(t, err, "AWS Config cannot deliver into such a bucket")
		assert.Nil(t, w.region(home).Channel)
	})
	t.Run("while the channel delivers to it", func(t *testing.T) {
		w := settled(t)
		w.editBucket(lock)
		planned := w.plan()
		assert.Equal(t, resource.Blocked, planned["config.bucket/eu-west-1/"+logs].Action)
		channel := planned["config.delivery_channel/eu-west-1/channel"]
		assert.Equal(t, resource.None, channel.Action)
		require.Len(t, channel.Notes, 1)
		assert.Contains(t, channel.Notes[0], "Content-MD5")
	})
}

// A run that is cut off at any write, before or after its effect, is finished by
// the next one.
func TestCutOffAtEveryWrite(t *testing.T) {
	probe := newWorld(t, sandbox.Options{})
	probe.regions = []string{home}
	require.NoError(t, probe.apply().Err())
	writes := len(probe.acct.Writes())
	require.Greater(t, writes, 5)
	for k := range writes {
		for _, after := range []bool{false, true} {
			w := newWorld(t, sandbox.Options{})
			w.regions = []string{home}
			w.acct.Inject(sandbox.Fault{WritesOnly: true, Skip: k, Kind: sandbox.Custom, Code: "Killed", Status: 400, Message: "killed", AfterEffect: after})
			require.Error(t, w.apply().Err())
			w.acct.ClearFaults()
			w.settle()
			assert.Equal(t, w.region(home).Recorder.Group, probe.region(home).Recorder.Group)
			assert.Equal(t, w.region(home).Channel, probe.region(home).Channel)
		}
	}
}

func TestUnreadableIsNeitherAbsentNorInSync(t *testing.T) {
	w := settled(t)
	for operation, blocked := range map[string][]string{
		"DescribeConfigurationRecorders":      {"config.recorder/us-east-1/recorder"},
		"DescribeConfigurationRecorderStatus": {"config.recording/us-east-1/recording"},
		"DescribeDeliveryChannels":            {"config.delivery_channel/us-east-1/channel"},
		"DescribeDeliveryChannelStatus":       {"config.delivery_channel/us-east-1/channel"},
		"GetRole":                             {"config.service_linked_role/global/AWSServiceRoleForConfig"},
	} {
		fault := sandbox.Fault{Operation: operation, Region: other, Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP}
		w.acct.Inject(fault)
		for address, c := range w.plan() {
			want := resource.None
			if address == blocked[0] {
				want = resource.Blocked
				assert.Contains(t, c.Reason, "a service control policy", address)
			}
			assert.Equal(t, want, c.Action, "%s: %s", operation, address)
		}
		w.acct.ClearFaults()
	}
}

func TestAGuardrailClosesOneRegion(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	w.acct.Inject(sandbox.Fault{Operation: "PutConfigurationRecorder", Region: other, Kind: sandbox.Deny, Reason: sandbox.DeniedBySCP})
	result := w.apply()
	require.ErrorContains(t, result.Err(), "config:PutConfigurationRecorder denied by a service control policy")
	assert.Equal(t, 1, result.Count(apply.Failed))
	assert.Equal(t, 2, result.Count(apply.Skipped))
	assert.True(t, w.region(home).Recorder.Recording)
	assert.Zero(t, w.region(other))
}

// A bucket of this account that may not be looked at is not another account's.
func TestADeniedBucketIsNotManagedElsewhere(t *testing.T) {
	w := settled(t)
	w.acct.Inject(sandbox.Fault{Operation: "HeadBucket", Kind: sandbox.Deny})
	for address, c := range w.plan() {
		if c.ID.Kind == "config.delivery_channel" || c.ID.Kind == "config.bucket" {
			assert.Equal(t, resource.Blocked, c.Action, address)
			assert.Contains(t, c.Reason, "s3:ListBucket denied", address)
		}
	}
}

// New roles, policies and recorders are seen late by AWS Config and by reads.
func TestEverythingIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Options{Propagation: 25 * time.Second, ReadLag: 20 * time.Second})
		require.NoError(t, w.apply().Err())
		time.Sleep(time.Minute)
		w.inSync()
	})
}

func TestAPolicyThatNeverPropagatesEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Options{})
		w.regions = []string{home}
		w.acct.Inject(sandbox.Fault{Operation: "PutDeliveryChannel", Kind: sandbox.Custom, Code: "InsufficientDeliveryPolicyException", Message: "Insufficient delivery policy to s3 bucket: " + logs})
		started := time.Now()
		result := w.apply()
		require.ErrorContains(t, result.Err(), "Insufficient delivery policy")
		assert.Less(t, time.Since(started), 3*time.Minute)
		assert.Equal(t, 1, result.Count(apply.Skipped), "what needs the channel")
	})
}

func TestRaces(t *testing.T) {
	t.Run("somebody makes the role", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{ReadLag: 10 * time.Second})
			changes := w.build()
			_, err := iamapi.NewFromConfig(w.acct.Config(other)).CreateServiceLinkedRole(t.Context(),
				&iamapi.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("config.amazonaws.com")})
			require.NoError(t, err)
			require.NoError(t, w.run(changes).Err())
			var taken bool
			for _, c := range w.acct.Writes() {
				taken = taken || c.ErrorCode == "InvalidInput"
			}
			assert.True(t, taken)
		})
	})
	t.Run("somebody makes the role, in IAM's other words", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{})
			w.acct.Inject(sandbox.Fault{Operation: "CreateServiceLinkedRole", Times: 1, AfterEffect: true, Kind: sandbox.Custom, Status: 409, Code: "EntityAlreadyExists", Message: "Role with name AWSServiceRoleForConfig already exists."})
			require.NoError(t, w.apply().Err())
			w.inSync()
		})
	})
	t.Run("somebody makes the recorder and the channel", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{})
			w.regions = []string{home}
			w.acct.Inject(sandbox.Fault{Operation: "PutConfigurationRecorder", Times: 1, Kind: sandbox.Hook, Do: func(sandbox.Call) {
				w.setUp(home, sim.Recorder{Name: "theirs", RoleARN: role, Group: sim.Group{Strategy: sim.AllSupported}, Mode: sim.Mode{Frequency: "CONTINUOUS"}},
					sim.Channel{Name: "theirs", Bucket: logs})
			}})
			w.apply() // stale at worst: a saved plan does not cover it
			w.settle()
			assert.Equal(t, "theirs", w.region(home).Recorder.Name)
			assert.True(t, w.region(home).Recorder.Group.IncludeGlobal)
		})
	})
}

func TestANameThatIsTaken(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	s3.Edit(w.acct, func(s *s3.State) { s.Buckets[logs] = &s3.Bucket{Region: home, Owner: "999999999999"} })
	c := w.plan()["config.delivery_channel/eu-west-1/channel"]
	assert.Equal(t, resource.Blocked, c.Action)
	assert.Contains(t, c.Reason, "taken by another account")
}

func TestWhereGlobalTypesAreRecorded(t *testing.T) {
	for name, test := range map[string]struct {
		home    string
		regions []string
		want    string
	}{
		"the home region":               {"eu-west-1", []string{"eu-west-1", "us-east-1"}, "eu-west-1"},
		"home is too young":             {"eu-central-2", []string{"ap-south-1", "eu-central-2", "us-east-1"}, "us-east-1"},
		"neither home nor the global":   {"il-central-1", []string{"eu-north-1", "eu-west-3", "il-central-1"}, "eu-north-1"},
		"home is not managed":           {"eu-west-1", []string{"us-west-2"}, "us-west-2"},
		"none of the regions can do it": {"mx-central-1", []string{"mx-central-1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{Regions: regions(test.regions, test.home)})
			w.home, w.regions = test.home, test.regions
			for address, c := range w.plan() {
				if strings.HasPrefix(address, "config.recorder/") {
					assert.Equal(t, string(c.ID.Scope) == test.want, fields(c)["include_global_resource_types"] == "null -> true", address)
				}
			}
		})
	}
}

func regions(names []string, home string) map[string]string {
	status := map[string]string{home: "ENABLED", "us-east-1": "ENABLED_BY_DEFAULT"}
	for _, n := range names {
		status[n] = "ENABLED"
	}
	return status
}
