package deploy

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/lambda"
	"github.com/kiso-cli/kiso/pkg/services"
)

func TestFunctionsListenToWhatTheyAreTold(t *testing.T) {
	source, err := os.ReadFile("../../pkg/lambda/lambda.go")
	require.NoError(t, err)
	metrics, err := os.ReadFile("../../pkg/lambda/metrics.go")
	require.NoError(t, err)
	known := map[string]bool{}
	for _, found := range regexp.MustCompile(`Env\("(KISO_\w+)"\)`).FindAllSubmatch(append(source, metrics...), -1) {
		known[string(found[1])] = true
	}
	require.NotEmpty(t, known)
	told := map[string]bool{}
	for _, name := range []string{"schedule.yaml", "fleet.yaml"} {
		function := template(t, name).properties("Function")
		for variable := range function.at("Environment", "Variables") {
			assert.True(t, known[variable], "%s: nobody reads %s", name, variable)
			told[variable] = true
		}
		assert.Equal(t, "provided.al2023", function["Runtime"])
		assert.Equal(t, "bootstrap", function["Handler"])
		assert.Equal(t, 900, function["Timeout"], "all that Lambda gives")
	}
	assert.Equal(t, known, told, "between them the templates can set each variable")
}

func TestNeverTwoAtOnce(t *testing.T) {
	schedule := template(t, "schedule.yaml")
	assert.Equal(t, object{"!If": []any{"Reserves", 1, "NoValue"}}, schedule.properties("Function")["ReservedConcurrentExecutions"])
	assert.Equal(t, "true", schedule.at("Parameters", "NeverTwoAtOnce")["Default"])
	assert.NotContains(t, template(t, "fleet.yaml").properties("Function"), "ReservedConcurrentExecutions")
}

// TestAlarmsWatchMetricsThatThereAre compares with a line that the function
// writes: an alarm on a misspelt metric would stay silent for ever.
func TestAlarmsWatchMetricsThatThereAre(t *testing.T) {
	var line bytes.Buffer
	f := &lambda.Function{Services: services.All(), Out: &line, Env: func(string) string { return "" }}
	_, err := f.Handle(t.Context(), lambda.Event{AccountID: account})
	require.ErrorContains(t, err, "no spec")
	var written struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
	}
	require.NoError(t, json.Unmarshal(line.Bytes(), &written))
	require.Len(t, written.AWS.CloudWatchMetrics, 1)
	ours := written.AWS.CloudWatchMetrics[0]
	var names []string
	for _, m := range ours.Metrics {
		names = append(names, m.Name)
	}

	watched := 0
	for _, name := range []string{"schedule.yaml", "fleet.yaml"} {
		template(t, name).each("AWS::CloudWatch::Alarm", func(alarm string, p object) {
			assert.Equal(t, []any{"Topic"}, p["AlarmActions"], "%s %s", name, alarm)
			assert.Regexp(t, "^kiso-", p["AlarmName"], "the topic takes alarms of this name alone")
			if p["Namespace"] != ours.Namespace {
				return
			}
			watched++
			assert.Contains(t, names, p["MetricName"], "%s %s", name, alarm)
			var dimensions []string
			for _, d := range p["Dimensions"].([]any) {
				dimensions = append(dimensions, d.(object)["Name"].(string))
			}
			assert.Contains(t, ours.Dimensions, dimensions, "%s %s", name, alarm)
		})
		missing := template(t, name).properties("MissingRuns")
		assert.Equal(t, "breaching", missing["TreatMissingData"], name)
		assert.Equal(t, 3600, missing["Period"], "%s: CloudWatch looks back for up to 7 days of hours", name)
	}
	assert.Equal(t, 3, watched)
}
