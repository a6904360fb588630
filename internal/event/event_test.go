package event_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/event"
)

const record = `{
  "eventID": "e-1", "eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com",
  "eventTime": "2026-11-20T22:01:10Z", "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli",
  "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/alice", "accessKeyId": "AKIAALICE"},
  "requestParameters": {"name": "arn:aws:cloudtrail:eu-west-1:123456789012:trail/kiso", "list": [{"deep": "value"}], "n": 3}
}`

func TestParse(t *testing.T) {
	e, err := event.Parse(record)
	require.NoError(t, err)
	assert.Equal(t, "StopLogging", e.Name)
	assert.Equal(t, "arn:aws:iam::123456789012:user/alice", e.Actor)
	assert.Equal(t, "AKIAALICE", e.AccessKey)
	assert.Equal(t, time.Date(2026, 11, 20, 22, 1, 10, 0, time.UTC), e.Time)
	assert.Empty(t, e.ErrorCode)

	assert.True(t, e.Names("NAME"), "in any case")
	assert.True(t, e.Names("deep"), "at any depth")
	assert.False(t, e.Names("value"), "a value is no name")
	assert.True(t, e.Mentions("kiso"), "the end of an ARN")
	assert.True(t, e.Mentions("value"))
	assert.False(t, e.Mentions("iso"))
	assert.False(t, e.Mentions("3"))
	assert.True(t, e.Mentions("cloudtrail"), "a part of an ARN")
	assert.True(t, e.MentionsIn("Name", "kiso"))
	assert.True(t, e.MentionsIn("list", "value"), "at any depth")
	assert.False(t, e.MentionsIn("list", "kiso"), "another parameter's")
	assert.False(t, e.MentionsIn("n", "3"))
	assert.False(t, e.Mentions("bucket"))
	assert.True(t, e.About("x", "arn:aws:s3:::bucket").Mentions("bucket"), "what the history lists beside the record")
	assert.False(t, e.About("bucket").MentionsIn("name", "bucket"), "no parameter's")
}

func TestActor(t *testing.T) {
	for identity, actor := range map[string]string{
		`{"type": "Root", "arn": "arn:aws:iam::123456789012:root"}`:   "root",
		`{"type": "AWSService", "invokedBy": "config.amazonaws.com"}`: "config.amazonaws.com",
		`{"type": "AssumedRole", "principalId": "AROA:session"}`:      "AROA:session",
		`{"type": "AWSAccount", "accountId": "111122223333"}`:         "AWSAccount of account 111122223333",
		`{"type": "Unknown"}`: "unknown (Unknown)",
	} {
		e, err := event.Parse(`{"eventTime": "2026-11-20T22:01:10Z", "userIdentity": ` + identity + `}`)
		require.NoError(t, err)
		assert.Equal(t, actor, e.Actor)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{``, `[]`, `{}`, `{"eventTime": "yesterday"}`, `{"eventTime": 3}`} {
		_, err := event.Parse(text)
		assert.ErrorContains(t, err, "not a CloudTrail record", text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(record, "kiso")
	f.Add(`{"eventTime": "2026-11-20T22:01:10Z", "requestParameters": [[{"a": null}]]}`, "a")
	f.Fuzz(func(t *testing.T, text, name string) {
		e, err := event.Parse(text)
		if err != nil {
			assert.Zero(t, e)
			return
		}
		assert.NotEmpty(t, e.Actor)
		assert.False(t, e.Time.IsZero() && e.Time.Location() != time.UTC)
		e.Names(name)
		e.Mentions(name)
	})
}

// A call says of what it was, by a name or the last part of an ARN, if by any.
func TestCall(t *testing.T) {
	for parameters, want := range map[string]string{
		`{"name":"corp"}`: "DeleteTrail of corp",
		`{"Name":"arn:aws:cloudtrail:eu-west-1:123456789012:trail/corp"}`: "DeleteTrail of corp",
		`{"name":1,"detectorId":"x"}`:                                     "DeleteTrail",
		`null`:                                                            "DeleteTrail",
	} {
		e, err := event.Parse(`{"eventName":"DeleteTrail","eventTime":"2026-11-20T22:01:10Z","requestParameters":` + parameters + `}`)
		require.NoError(t, err)
		assert.Equal(t, want, e.Call(), parameters)
	}
}
