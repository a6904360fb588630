package property

import (
	"time"

	"pgregory.net/rapid"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/config"
	"github.com/kiso-cli/kiso/pkg/sandbox/iam"
)

const linkedRole = "arn:aws:iam::" + account + ":role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"

func liveRecorders(t *rapid.T, acct *sandbox.Account, w wish) {
	roles := map[string]*iam.Role{"old-config": {Path: "/", ID: "AROA1", CreatedAt: past}}
	if yes(t, "linked role") {
		roles["AWSServiceRoleForConfig"] = &iam.Role{Path: "/aws-service-role/config.amazonaws.com/", ID: "AROA2", CreatedAt: past}
	}
	iam.Edit(acct, func(s *iam.State) { s.Roles = roles })
	for _, region := range some(t, "region with Config", regions...) {
		var state config.State
		state.Recorder = liveRecorder(t, region)
		if yes(t, region+" channel") {
			state.Channel = liveChannel(t, region, w)
		} else {
			state.Recorder.Recording, state.Recorder.StartedAt = false, time.Time{}
		}
		if yes(t, region+" linked recorder") {
			state.Linked = []*config.Recorder{{Name: "AWSConfigurationRecorderForTheirs", ServicePrincipal: "theirs.amazonaws.com", Recording: true, Group: config.Group{Strategy: config.AllSupported}, Mode: config.Mode{Frequency: "DAILY"}}}
		}
		config.Edit(acct, region, func(s *config.State) { *s = state })
	}
}

func liveRecorder(t *rapid.T, region string) *config.Recorder {
	r := &config.Recorder{
		Name:    pick(t, region+" recorder", "default", "theirs", "theirs", "aws-controltower-BaselineConfigRecorder"),
		RoleARN: pick(t, region+" role", linkedRole, "arn:aws:iam::"+account+":role/old-config"), Tags: tags(t, region+" recorder"),
		Mode: config.Mode{Frequency: pick(t, region+" mode", "CONTINUOUS", "DAILY")}, Recording: yes(t, region+" recording"),
		Group: pick(t, region+" group", config.Group{Strategy: config.AllSupported}, config.Group{Strategy: config.AllSupported, IncludeGlobal: true},
			config.Group{Strategy: config.Inclusion, Types: []string{"AWS::EC2::Instance"}}, config.Group{Strategy: config.Inclusion, Types: []string{"AWS::IAM::Role", "AWS::EC2::Instance"}},
			config.Group{Strategy: config.Exclusion, Excluded: []string{"AWS::EC2::Instance"}},
			config.Group{Strategy: config.Exclusion, Excluded: []string{"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"}}),
	}
	r.ARN = "arn:aws:config:" + region + ":" + account + ":configuration-recorder/" + r.Name + "/abcdefgh"
	if yes(t, region+" overrides") {
		r.Mode.Overrides = []config.Override{{Description: "theirs", Types: []string{"AWS::EC2::Volume"}, Frequency: pick(t, region+" override", "DAILY", "CONTINUOUS")}}
	}
	if r.Recording {
		r.StartedAt = past
	}
	return r
}

func liveChannel(t *rapid.T, region string, w wish) *config.Channel {
	return &config.Channel{
		Name:   pick(t, region+" channel name", "default", "theirs", "theirs", "aws-controltower-BaselineConfigDeliveryChannel"),
		Bucket: pick(t, region+" channel bucket", append([]string{w.history, w.history, "gone"}, bucketNames...)...),
		Prefix: pick(t, region+" channel prefix", "", "", "x/y"), TopicARN: pick(t, region+" channel topic", "", "arn:aws:sns:"+region+":"+account+":theirs"),
		Frequency: pick(t, region+" snapshots", "", "Six_Hours"),
	}
}
