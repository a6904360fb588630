package bucket_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services/bucket"
)

func TestNames(t *testing.T) {
	for name, problem := range map[bucket.Name]string{
		"logs":                               "",
		"kiso-{account_id}-{home_region}":    "",
		"a.b-c.9":                            "",
		"ab":                                 "is not the name of a bucket",
		"Logs":                               "is not the name of a bucket",
		"my_logs":                            "is not the name of a bucket",
		"-logs":                              "is not the name of a bucket",
		"logs.":                              "is not the name of a bucket",
		"lo..gs":                             "is not the name of a bucket",
		"192.168.0.1":                        "is not the name of a bucket",
		"kiso-{acount_id}":                   "is not the name of a bucket",
		bucket.Name(strings.Repeat("a", 64)): "is not the name of a bucket",
		"xn--logs":                           "what S3 reserves",
		"logs-s3alias":                       "what S3 reserves",
	} {
		var got []string
		name.Validate(func(path, text, hint string) {
			assert.Empty(t, path)
			assert.Contains(t, hint, "3 to 63 lower-case letters")
			got = append(got, text)
		})
		if problem == "" {
			assert.Empty(t, got, name)
			continue
		}
		if assert.Len(t, got, 1, name) {
			assert.Contains(t, got[0], problem)
		}
	}
}

func TestFillRefusesWhatBecomesTooLong(t *testing.T) {
	in := resource.Input{Identity: awsx.Identity{AccountID: "123456789012"}, HomeRegion: "ap-southeast-1"}
	d := &resource.Declaration{}
	filled, ok := bucket.Name("kiso-{account_id}-{home_region}").Fill(in, d, "bucket.name")
	assert.True(t, ok)
	assert.Equal(t, "kiso-123456789012-ap-southeast-1", filled)
	assert.Empty(t, d.Refusals)

	long := bucket.Name(strings.Repeat("a", 40) + "-{account_id}-{home_region}")
	long.Validate(func(_, problem, _ string) { t.Error(problem) })
	_, ok = long.Fill(in, d, "bucket.name")
	assert.False(t, ok)
	if assert.Len(t, d.Refusals, 1) {
		assert.Equal(t, "bucket.name", d.Refusals[0].Path)
		assert.Contains(t, d.Refusals[0].Problem, "ap-southeast-1")
	}
}
