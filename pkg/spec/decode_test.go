package spec

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const full = `# The baseline.
version: 1
account_id: "123456789012"
home_region: ap-northeast-1
regions:
  include: [ap-northeast-1, us-east-1]
  exclude: []
tags: {managed-by: kiso, "cost center": "42/a"}

cloudtrail:
  trail_name: my-{trail}
  bucket:
    name: logs-{account_id}
    object_lock: {mode: COMPLIANCE, years: 7}
  readers:
    - account: "012345678901"
      level: 5
    - {account: '111122223333'}
guardduty:
  finding_publishing_frequency: "ONE_HOUR"
  features: {EKS_AUDIT_LOGS: enabled}
root_login_alarm:
  emails:
    - security@example.com
    - ops+aws@mail.example.co.jp
  root_api_usage: false
  topic: alarms
`

func decode(t *testing.T, file string) *Spec {
	t.Helper()
	s, err := Decode("kiso.yaml", []byte(file), sections)
	require.NoError(t, err)
	return s
}

func ptr[T any](v T) *T { return &v }

func TestDecode(t *testing.T) {
	s := decode(t, full)
	assert.Equal(t, "kiso.yaml", s.File)
	assert.Equal(t, 1, s.Version)
	assert.Equal(t, "123456789012", s.AccountID)
	assert.Equal(t, "ap-northeast-1", s.HomeRegion)
	assert.Equal(t, RegionFilter{[]string{"ap-northeast-1", "us-east-1"}, []string{}}, s.Regions)
	assert.Equal(t, Tags{"managed-by": "kiso", "cost center": "42/a"}, s.Tags)
	assert.Equal(t, map[string]any{
		"cloudtrail": &trail{
			Name:    "my-{trail}",
			Bucket:  bucket{"logs-{account_id}", &lock{Mode: "COMPLIANCE", Years: 7}},
			Readers: []reader{{"012345678901", ptr(5)}, {"111122223333", nil}},
		},
		"guardduty":        &detector{"ONE_HOUR", map[string]string{"EKS_AUDIT_LOGS": "enabled"}},
		"root_login_alarm": &alarm{Emails: []string{"security@example.com", "ops+aws@mail.example.co.jp"}, API: ptr(false), Topic: "alarms"},
	}, s.Sections)
}

func TestSmallestFile(t *testing.T) {
	s := decode(t, "{version: 1, home_region: eusc-de-east-1}")
	assert.Empty(t, s.AccountID)
	assert.Empty(t, s.Regions)
	assert.Nil(t, s.Tags)
	assert.Empty(t, s.Sections)
}

func TestDefaults(t *testing.T) {
	standard := lock{Mode: "GOVERNANCE", Days: 365}
	for file, want := range map[string]lock{
		"cloudtrail:":                                                             standard,
		"cloudtrail: {}":                                                          standard,
		"cloudtrail: {bucket: {name: x}}":                                         standard,
		"cloudtrail: {bucket: {object_lock: {}}}":                                 standard,
		"cloudtrail: {bucket: {object_lock: {days: 30}}}":                         {Mode: "GOVERNANCE", Days: 30},
		"cloudtrail: {bucket: {object_lock: {mode: COMPLIANCE}}}":                 {Mode: "COMPLIANCE", Days: 365},
		"cloudtrail: {bucket: {object_lock: {years: 1}}}":                         {Mode: "GOVERNANCE", Years: 1},
		"cloudtrail: {bucket: {object_lock: {mode: GOVERNANCE, years: 1}}} # sic": {Mode: "GOVERNANCE", Years: 1},
	} {
		got := decode(t, head+file).Sections["cloudtrail"].(*trail)
		assert.Equal(t, want, *got.Bucket.Lock, file)
		assert.Equal(t, "kiso", got.Name, file)
	}
}

func TestListsAndMapsReplaceTheirDefault(t *testing.T) {
	s := decode(t, head+"guardduty: {features: {}}")
	assert.Equal(t, map[string]string{}, s.Sections["guardduty"].(*detector).Features)
}

func TestFilesAreIndependent(t *testing.T) {
	decode(t, head+"cloudtrail: {bucket: {object_lock: {days: 30}}}")
	assert.Equal(t, 365, decode(t, head+"cloudtrail:").Sections["cloudtrail"].(*trail).Bucket.Lock.Days)
}

func TestWindowsFile(t *testing.T) {
	s := decode(t, "\ufeff"+strings.ReplaceAll(full, "\n", "\r\n"))
	assert.Equal(t, decode(t, full).Digest(), s.Digest())
	assert.Equal(t, Position{10, 1}, s.Position("cloudtrail"))
}

func TestPosition(t *testing.T) {
	s := decode(t, full)
	for path, want := range map[string]Position{
		"version":                             {2, 1},
		"guardduty":                           {19, 1},
		"cloudtrail.bucket.object_lock.years": {14, 37},
		"cloudtrail.bucket.object_lock.days":  {14, 5},
		"cloudtrail.bucket.versioning.mfa":    {12, 3},
		"cloudtrail.readers[1]":               {18, 7},
		"cloudtrail.readers[1].account":       {18, 8},
		"cloudtrail.readers[9].account":       {15, 3},
		"regions.include[1]":                  {6, 29},
		`tags["cost center"]`:                 {8, 26},
		`tags["no.such tag"]`:                 {8, 1},
		"guardduty.features.EKS_AUDIT_LOGS":   {21, 14},
		"securityhub":                         {},
		"securityhub.standards[0]":            {},
		"":                                    {},
	} {
		assert.Equal(t, want, s.Position(path), path)
	}
}

func TestDigest(t *testing.T) {
	digest := func(file string) string { return decode(t, file).Digest() }
	assert.Regexp(t, "^sha256:[0-9a-f]{64}$", digest(full))

	same := []string{
		head + "guardduty: {}",
		head + "guardduty:",
		head + "guardduty:\n    finding_publishing_frequency: 'SIX_HOURS'   # the default",
		"# c\n\nguardduty: {features: {S3_DATA_EVENTS: enabled}}\nhome_region: \"ap-northeast-1\"\nversion: 1\nregions: {}",
	}
	for _, file := range same {
		assert.Equal(t, digest(same[0]), digest(file), file)
	}

	different := []string{
		head,
		head + "guardduty: {}",
		head + "guardduty: {finding_publishing_frequency: ONE_HOUR}",
		head + "guardduty: {features: {}}",
		head + "cloudtrail: {}",
		head + "cloudtrail: {bucket: {object_lock: {years: 1}}}",
		head + "root_login_alarm: {emails: [a@b.de]}",
		head + "root_login_alarm: {emails: [a@b.de], root_api_usage: false}",
		head + "bare:",
		head + "tags: {a: b}",
		head + "regions: {include: [us-east-1]}",
		head + "regions: {exclude: [us-east-1]}",
		head + "account_id: '123456789012'",
		"version: 1\nhome_region: us-east-1",
	}
	seen := map[string]string{}
	for _, file := range different {
		assert.Empty(t, seen[digest(file)], file)
		seen[digest(file)] = file
	}
}

func TestFill(t *testing.T) {
	assert.Equal(t, "kiso-123456789012-eu-west-1-{other}-{account_id",
		Fill("kiso-{account_id}-{home_region}-{other}-{account_id", "123456789012", "eu-west-1"))
}

func TestRegions(t *testing.T) {
	all := Regions()
	assert.True(t, slices.IsSorted(all))
	assert.Len(t, slices.Compact(slices.Clone(all)), len(all))
	for region, partition := range map[string]string{
		"us-east-1": "aws", "ap-northeast-1": "aws", "ap-east-2": "aws", "cn-northwest-1": "aws-cn", "us-gov-west-1": "aws-us-gov",
		"eusc-de-east-1": "aws-eusc", "us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e",
		"us-isof-south-1": "aws-iso-f", "aws-global": "", "us-east-9": "", "": "",
	} {
		assert.Equal(t, partition, PartitionOf(region), region)
		assert.Equal(t, partition != "", slices.Contains(all, region), region)
	}
}

// A mistake in a section struct is found the first time that it is used.
func TestMistakesInStructs(t *testing.T) {
	for want, section := range map[string]any{
		`spec: struct { A string }.A has no yaml tag; yaml:"-" leaves it out`: &struct{ A string }{},
		`spec: x.a: type float64 is not supported`: &struct {
			A float64 `yaml:"a"`
		}{},
		`spec: struct { A string "yaml:\"a\" jsonschema:\"exclusiveMinimum=1\"" }.A: constraint "exclusiveMinimum": not supported`: &struct {
			A string `yaml:"a" jsonschema:"exclusiveMinimum=1"`
		}{},
		`spec: struct { A string "yaml:\"a\" jsonschema:\"format=mail\"" }.A: constraint "format": unknown format "mail"`: &struct {
			A string `yaml:"a" jsonschema:"format=mail"`
		}{},
		`spec: struct { A int "yaml:\"a\" jsonschema:\"minimum=one\"" }.A: constraint "minimum": strconv.Atoi: parsing "one": invalid syntax`: &struct {
			A int `yaml:"a" jsonschema:"minimum=one"`
		}{},
	} {
		assert.PanicsWithValue(t, want, func() {
			_, _ = Decode("f", []byte("x: {a: 1.5}"), []Section{{Name: "x", New: func() any { return section }}})
		})
	}
}

// FuzzDecode: Decode never panics; every problem has a place in the file; a
// file that is accepted says the same when its content is written out anew.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(full))
	for _, c := range refusals {
		if len(c.in) < 1<<12 {
			f.Add([]byte(c.in))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Decode("f", data, sections)
		if err != nil {
			require.Nil(t, s)
			for _, e := range err.(interface{ WrappedErrors() []error }).WrappedErrors() {
				problem := e.(*Error)
				require.Positive(t, problem.Line, problem)
				require.Positive(t, problem.Column, problem)
				require.NotEmpty(t, problem.Problem)
			}
			return
		}
		written, err := yaml.Marshal(s.canonical())
		require.NoError(t, err)
		again, err := Decode("f", written, sections)
		require.NoError(t, err, string(written))
		require.Equal(t, s.Digest(), again.Digest())
	})
}
