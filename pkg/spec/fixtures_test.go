package spec

import (
	"fmt"
	"regexp"
	"slices"
)

// The sections of the tests: made up, but shaped like real ones.

type trail struct {
	Name    string   `yaml:"trail_name" jsonschema:"minLength=3,maxLength=12,pattern=^[a-z{}_-]{3\\,}$" doc:"Name of the trail."`
	Bucket  bucket   `yaml:"bucket" doc:"Where the logs go."`
	Readers []reader `yaml:"readers"`
}

type bucket struct {
	Name string `yaml:"name"`
	Lock *lock  `yaml:"object_lock"`
}

type lockMode string

// lock is kept for days or for years, never both.
type lock struct {
	Mode  lockMode `yaml:"mode" jsonschema:"enum=GOVERNANCE,enum=COMPLIANCE"`
	Days  int      `yaml:"days" jsonschema:"minimum=1,maximum=36500"`
	Years int      `yaml:"years" jsonschema:"minimum=1,maximum=100"`
}

func (l *lock) Reset(named []string) {
	if slices.Contains(named, "years") {
		l.Days = 0
	}
}

func (l *lock) Validate(report func(path, problem, hint string)) {
	if l.Days > 0 && l.Years > 0 {
		report("years", fmt.Sprintf("days (%d) and years (%d) are both given", l.Days, l.Years), "keep one")
	}
}

func (lock) JSONSchemaExtend(schema map[string]any) {
	schema["not"] = map[string]any{"required": []string{"days", "years"}}
}

type reader struct {
	Account string `yaml:"account" jsonschema:"required,format=aws-account-id"`
	Level   *int   `yaml:"level" jsonschema:"enum=1,enum=2,enum=5"`
}

type detector struct {
	Frequency string            `yaml:"finding_publishing_frequency" jsonschema:"enum=FIFTEEN_MINUTES,enum=ONE_HOUR,enum=SIX_HOURS"`
	Features  map[string]string `yaml:"features" jsonschema:"enum=enabled,enum=disabled"`
}

type alarm struct {
	Emails []string `yaml:"emails" jsonschema:"required,minItems=1,uniqueItems=true,format=email"`
	API    *bool    `yaml:"root_api_usage"`
	Topic  topic    `yaml:"topic"`
	Secret string   `yaml:"-"`
}

// topic is a named string that checks itself.
type topic string

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

func (t topic) Validate(report func(path, problem, hint string)) {
	if !topicName.MatchString(string(t)) {
		report("", quote(string(t))+" is not a topic name", "use letters and digits")
	}
}

func (topic) JSONSchemaExtend(schema map[string]any) {
	schema["pattern"] = topicName.String()
}

type bare struct{}

var sections = []Section{
	{"cloudtrail", "The trail.", func() any {
		return &trail{
			Name:   "kiso",
			Bucket: bucket{Name: "kiso-{account_id}-{home_region}", Lock: &lock{Mode: "GOVERNANCE", Days: 365}},
		}
	}},
	{"guardduty", "The detectors.", func() any {
		return &detector{Frequency: "SIX_HOURS", Features: map[string]string{"S3_DATA_EVENTS": "enabled"}}
	}},
	{"root_login_alarm", "The alarm.", func() any { return &alarm{Topic: "kiso"} }},
	{"bare", "", func() any { return &bare{} }},
}

// head is what every valid file starts with; the rest starts on line 3.
const head = "version: 1\nhome_region: ap-northeast-1\n"
