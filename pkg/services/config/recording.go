package config

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"

	"github.com/kiso-cli/kiso/pkg/resource"
)

// Recording is the model of a recorder at work. It is a kind of its own, because
// a recorder must exist before its channel, and can be started only after.
type Recording struct {
	Recording bool   `json:"recording"`
	Failure   string `json:"failure,omitzero" diff:"-"`
}

var recordings = &resource.Type[Recording]{
	Kind: "config.recording",
	Doc: resource.Doc{
		Summary:  "The region's recorder is recording.",
		Controls: []string{"Config.1"},
		Reads:    []resource.Permission{{Action: "config:DescribeConfigurationRecorderStatus"}},
		Writes:   []resource.Permission{{Action: "config:StartConfigurationRecorder"}},
		Changers: []resource.Changer{{Path: "recording", Event: "StopConfigurationRecorder"}, {Event: "DeleteConfigurationRecorder"}},
	},
	Observe: observeRecording,
	Apply:   applyRecording,
	Notes:   recordingNotes,
	Settle: resource.Settle{RetryOn: []resource.Transient{
		{Code: "NoAvailableDeliveryChannelException"}, {Code: "NoSuchConfigurationRecorderException"},
	}},
}

// observeRecording sees nothing where a recorder was never started: that it has
// just been created makes no difference to what a plan said of its recording.
func observeRecording(ctx context.Context, env resource.Env, id resource.ID) (*Recording, error) {
	live, err := statusOf(ctx, env, id.Scope)
	if err != nil || live == nil {
		return nil, err
	}
	managed := controlTower(live.Name)
	if managed == nil && !live.Recording && live.LastStartTime == nil {
		return nil, nil
	}
	m := &Recording{Recording: live.Recording}
	if failed(string(live.LastStatus)) {
		m.Failure = failure(live.LastErrorCode, live.LastErrorMessage)
	}
	return m, managed
}

// failed says whether a status is a failure; the service writes it in capitals,
// its model does not.
func failed(status string) bool { return strings.EqualFold(status, "Failure") }

func failure(code, message *string) string {
	return strings.TrimSuffix(fmt.Sprintf("%s: %s", aws.ToString(code), aws.ToString(message)), ": ")
}

func recordingNotes(live Recording) []string {
	if live.Failure == "" {
		return nil
	}
	return []string{"the last recording failed (" + live.Failure + "): look at the permissions of the recorder's role"}
}

func applyRecording(ctx context.Context, env resource.Env, d resource.Delta[Recording]) error {
	recorder, err := statusOf(ctx, env, d.ID.Scope)
	if err != nil {
		return err
	}
	if recorder == nil {
		return resource.Pending("the recorder is not listed yet")
	}
	_, err = client(env, d.ID.Scope).StartConfigurationRecorder(ctx, &configservice.StartConfigurationRecorderInput{ConfigurationRecorderName: recorder.Name})
	return err
}
