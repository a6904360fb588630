package config_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

// A recorder and a channel of another tool are raised under their names; what
// the spec does not speak of stays.
func TestAdoption(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	mode := sim.Mode{Frequency: "CONTINUOUS", Overrides: []sim.Override{{Description: "cheap", Types: []string{"AWS::EC2::NetworkInterface"}, Frequency: "DAILY"}}}
	w.setUp(home,
		sim.Recorder{
			Name: "main", RoleARN: custom, ARN: "arn:aws:config:eu-west-1:123456789012:configuration-recorder/main/1", Tags: map[string]string{"team": "sec"},
			Group: sim.Group{Strategy: sim.Exclusion, Excluded: []string{"AWS::EC2::Volume"}}, Mode: mode,
		},
		sim.Channel{Name: "deliveries", Bucket: logs, TopicARN: "arn:aws:sns:eu-west-1:123456789012:changes", Frequency: "Three_Hours"})
	s3.Edit(w.acct, func(s *s3.State) { s.Buckets[logs] = &s3.Bucket{Region: "eu-central-1"} })

	planned := w.plan()
	recorder := planned["config.recorder/eu-west-1/recorder"]
	assert.Equal(t, map[string]string{
		"all_supported": "false -> true", "excluded_resource_types": `["AWS::EC2::Volume"] -> []`,
	}, fields(recorder))
	require.Len(t, recorder.Notes, 2)
	assert.Contains(t, recorder.Notes[0], "keeps its role "+custom)
	assert.Contains(t, recorder.Notes[1], "daily")
	assert.Equal(t, resource.None, planned["config.delivery_channel/eu-west-1/channel"].Action)

	require.NoError(t, w.apply().Err())
	w.inSync()
	live := w.region(home)
	assert.Equal(t, "main", live.Recorder.Name)
	assert.Equal(t, custom, live.Recorder.RoleARN)
	assert.Equal(t, mode, live.Recorder.Mode)
	assert.Equal(t, map[string]string{"team": "sec"}, live.Recorder.Tags)
	assert.Equal(t, sim.Group{Strategy: sim.AllSupported, IncludeGlobal: true}, live.Recorder.Group)
	assert.Equal(t, &sim.Channel{Name: "deliveries", Bucket: logs, TopicARN: "arn:aws:sns:eu-west-1:123456789012:changes", Frequency: "Three_Hours"}, live.Channel)
	assert.True(t, live.Recorder.Recording)
}

func TestAMovedChannelKeepsItsSettings(t *testing.T) {
	w := settled(t)
	s3.Edit(w.acct, func(s *s3.State) { s.Buckets["elsewhere"] = &s3.Bucket{Region: other} })
	moved := sim.Channel{Name: "default", Bucket: "elsewhere", KMSKeyARN: "arn:aws:kms:eu-west-1:123456789012:key/k", TopicARN: "arn:aws:sns:eu-west-1:123456789012:changes", Frequency: "One_Hour"}
	w.edit(home, func(s *sim.State) { c := moved; s.Channel = &c })
	require.NoError(t, w.apply().Err())
	moved.Bucket = logs
	assert.Equal(t, &moved, w.region(home).Channel)

	w.edit(home, func(s *sim.State) { s.Channel.Bucket = "elsewhere" })
	notes := w.plan()["config.delivery_channel/eu-west-1/channel"].Notes
	require.Len(t, notes, 2)
	assert.Contains(t, notes[0], "keeps its key")
	assert.Contains(t, notes[1], "the last delivery failed")
}

// A channel with a prefix keeps it: the bucket's policy lets AWS Config write
// there, in a bucket that is new as in one that is there.
func TestAMovedChannelKeepsItsPrefix(t *testing.T) {
	for name, w := range map[string]*world{"bucket": settled(t), "no bucket": newWorld(t, sandbox.Options{})} {
		t.Run(name, func(t *testing.T) {
			s3.Edit(w.acct, func(s *s3.State) { s.Buckets["elsewhere"] = &s3.Bucket{Region: other} })
			w.edit(other, func(s *sim.State) {
				s.Channel = &sim.Channel{Name: "theirs", Bucket: "elsewhere", Prefix: "audit/config"}
			})
			require.NoError(t, w.apply().Err())
			w.inSync()
			assert.Equal(t, logs, w.region(other).Channel.Bucket)
			assert.Equal(t, "audit/config", w.region(other).Channel.Prefix)
			assert.Contains(t, s3.Get(w.acct).Buckets[logs].Policy, `"arn:aws:s3:::`+logs+`/audit/config/AWSLogs/123456789012/Config/*"`)
		})
	}
}

// A channel is adopted, and its bucket is not: who reads that one must know before.
func TestAMovedChannelIsARisk(t *testing.T) {
	w := settled(t)
	s3.Edit(w.acct, func(s *s3.State) { s.Buckets["elsewhere"] = &s3.Bucket{Region: other} })
	w.edit(home, func(s *sim.State) { s.Channel.Name, s.Channel.Bucket = "theirs", "elsewhere" })
	c := w.plan()["config.delivery_channel/eu-west-1/channel"]
	require.Len(t, c.Risks, 1)
	assert.Equal(t, "redirection", c.Risks[0].Kind)
	assert.Contains(t, c.Risks[0].Text, "the delivery channel theirs is pointed from the bucket elsewhere to "+logs)
	assert.Contains(t, c.Risks[0].Text, "name its bucket in config.bucket.name")
	assert.False(t, c.Irreversible())
}

func TestAMovedChannelWhoseRoleMayNotWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settled(t)
		s3.Edit(w.acct, func(s *s3.State) { s.Buckets["elsewhere"] = &s3.Bucket{Region: other} })
		w.edit(home, func(s *sim.State) { s.Channel.Bucket = "elsewhere" })
		w.acct.Inject(sandbox.Fault{Operation: "PutDeliveryChannel", Kind: sandbox.Custom, Code: "InsufficientDeliveryPolicyException", Message: "Insufficient delivery policy to s3 bucket"})
		assert.ErrorContains(t, w.apply().Err(), "the recorder has a role of its own, let that role write to the bucket "+logs)
	})
}

// The refusal of a key says so, since AWS's words are about the bucket.
func TestAMovedChannelWhoseKeyTheBucketCannotHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settled(t)
		w.edit(home, func(s *sim.State) {
			s.Channel.Bucket, s.Channel.KMSKeyARN = "elsewhere", "arn:aws:kms:us-west-2:123456789012:key/k"
		})
		w.acct.Inject(sandbox.Fault{Operation: "PutDeliveryChannel", Kind: sandbox.Custom, Code: "InsufficientDeliveryPolicyException", Message: "Insufficient delivery policy to s3 bucket"})
		assert.ErrorContains(t, w.apply().Err(), "The channel has the key arn:aws:kms:us-west-2:123456789012:key/k, which must be in the region of the new bucket")
	})
}

func TestARecorderWhoseOwnRoleIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settled(t)
		w.edit(home, func(s *sim.State) {
			s.Recorder.RoleARN, s.Recorder.Group.IncludeGlobal = "arn:aws:iam::123456789012:role/theirs", false
		})
		w.acct.Inject(sandbox.Fault{Operation: "PutConfigurationRecorder", Kind: sandbox.Custom, Code: "InvalidRoleException", Message: "no"})
		assert.ErrorContains(t, w.apply().Err(), "the recorder has the role arn:aws:iam::123456789012:role/theirs: make sure that it is there")
	})
}

func TestStricterStays(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	w.section.Frequency = "DAILY"
	w.settle()
	assert.Equal(t, "DAILY", w.region(home).Recorder.Mode.Frequency)

	w.edit(home, func(s *sim.State) { s.Recorder.Mode.Frequency = "CONTINUOUS" })
	w.edit(other, func(s *sim.State) { s.Recorder.Group.IncludeGlobal = true })
	w.inSync()
	notes := w.plan()["config.recorder/us-east-1/recorder"].Notes
	require.Len(t, notes, 1)
	assert.Contains(t, notes[0], "billed for each")

	// A repair of something else weakens nothing.
	w.edit(other, func(s *sim.State) {
		s.Recorder.Group = sim.Group{Strategy: sim.Exclusion, Excluded: []string{"AWS::IAM::User"}}
	})
	require.NoError(t, w.apply().Err())
	assert.True(t, w.region(other).Recorder.Group.IncludeGlobal, "the other global types were recorded before")
}

func TestManagedElsewhere(t *testing.T) {
	t.Run("Control Tower", func(t *testing.T) {
		w := settled(t)
		w.setUp(home, sim.Recorder{Name: "aws-controltower-BaselineConfigRecorder", RoleARN: custom, Recording: true, Group: sim.Group{Strategy: sim.AllSupported}, Mode: sim.Mode{Frequency: "CONTINUOUS"}},
			sim.Channel{Name: "aws-controltower-BaselineConfigDeliveryChannel", Bucket: "aws-controltower-logs-999999999999-eu-west-1"})
		planned := w.plan()
		for address, meets := range map[string]bool{
			"config.recorder/eu-west-1/recorder":        false, // no global types
			"config.delivery_channel/eu-west-1/channel": false, // another bucket
			"config.recording/eu-west-1/recording":      true,
		} {
			assert.Equal(t, resource.Managed, planned[address].Action, address)
			assert.Equal(t, "AWS Control Tower", planned[address].Owner, address)
			assert.Equal(t, meets, planned[address].MeetsSpec, address)
		}
		w.acct.ResetCalls()
		require.NoError(t, w.apply().Err())
		assert.Empty(t, w.acct.Writes())
	})
	// A bucket that no channel would deliver to stays empty, and is not made; nor is
	// the role that no recorder would have.
	t.Run("Control Tower in every region", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{})
		for _, region := range w.regions {
			w.setUp(region, sim.Recorder{Name: "aws-controltower-BaselineConfigRecorder", RoleARN: custom, Recording: true, Group: sim.Group{Strategy: sim.AllSupported, IncludeGlobal: true}, Mode: sim.Mode{Frequency: "CONTINUOUS"}},
				sim.Channel{Name: "aws-controltower-BaselineConfigDeliveryChannel", Prefix: "o-exampleorg", Bucket: "aws-controltower-logs-999999999999-eu-west-1"})
		}
		planned := w.plan()
		for address, c := range planned {
			assert.Contains(t, []resource.Action{resource.None, resource.Managed}, c.Action, address)
		}
		const unused = "the delivery channel of every managed region is somebody else's (AWS Control Tower): nothing would be delivered to this bucket, and it is not made"
		assert.Equal(t, []string{unused}, planned["config.bucket/"+home+"/"+logs].Notes)
		assert.Equal(t, "null", string(planned["config.bucket/"+home+"/"+logs].After))
		assert.Equal(t, []string{unused}, planned["config.bucket_policy/"+home+"/"+logs].Notes)
		assert.Equal(t, []string{"the recorder of every managed region is somebody else's (AWS Control Tower): nothing would use the role, and it is not made"}, planned["config.service_linked_role/global/AWSServiceRoleForConfig"].Notes)

		w.edit(other, func(s *sim.State) { s.Recorder, s.Channel = nil, nil })
		require.NoError(t, w.apply().Err())
		for address, c := range w.plan() {
			assert.False(t, c.Action.Changes(), address)
		}
		assert.NotEmpty(t, s3.Get(w.acct).Buckets[logs].Policy, "one region needs it")
	})
	t.Run("Control Tower, never started", func(t *testing.T) {
		w := settled(t)
		w.edit(home, func(s *sim.State) {
			s.Recorder = &sim.Recorder{Name: "aws-controltower-BaselineConfigRecorder", RoleARN: custom, Group: sim.Group{Strategy: sim.AllSupported}, Mode: sim.Mode{Frequency: "CONTINUOUS"}}
		})
		recording := w.plan()["config.recording/eu-west-1/recording"]
		assert.Equal(t, resource.Managed, recording.Action)
		assert.False(t, recording.MeetsSpec)
	})
	t.Run("a bucket of another account", func(t *testing.T) {
		w := settled(t)
		s3.Edit(w.acct, func(s *s3.State) { s.Buckets["central"] = &s3.Bucket{Region: other, Owner: "999999999999"} })
		w.edit(home, func(s *sim.State) { s.Channel.Bucket, s.Recorder.Recording = "central", false })
		planned := w.plan()
		channel := planned["config.delivery_channel/eu-west-1/channel"]
		assert.Equal(t, resource.Managed, channel.Action)
		assert.Equal(t, "another account", channel.Owner)
		assert.Contains(t, channel.Reason, "central")
		require.NoError(t, w.apply().Err())
		assert.Equal(t, "central", w.region(home).Channel.Bucket)
		assert.True(t, w.region(home).Recorder.Recording, "the recorder is ours all the same")
	})
	t.Run("service-linked recorders", func(t *testing.T) {
		w := newWorld(t, sandbox.Options{})
		linked := &sim.Recorder{Name: "AWSConfigurationRecorderForX", ServicePrincipal: "x.amazonaws.com", Recording: true, Group: sim.Group{Strategy: sim.Inclusion, Types: []string{"AWS::S3::Bucket"}}}
		w.edit(home, func(s *sim.State) { s.Linked = []*sim.Recorder{linked} })
		assert.Equal(t, resource.Create, w.plan()["config.recording/eu-west-1/recording"].Action, "they do not count")
		w.settle()
		assert.Equal(t, linked, w.region(home).Linked[0])
		assert.NotNil(t, w.region(home).Recorder)
	})
}
