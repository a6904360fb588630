package cloudtrail

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/stretchr/testify/assert"
)

var (
	data     = []types.DataResource{{Type: aws.String("AWS::S3::Object"), Values: []string{"arn:aws:s3"}}}
	all      = types.EventSelector{ReadWriteType: types.ReadWriteTypeAll, IncludeManagementEvents: aws.Bool(true)}
	onlyData = types.EventSelector{ReadWriteType: types.ReadWriteTypeWriteOnly, IncludeManagementEvents: aws.Bool(false), DataResources: data}
)

func TestRaisedBasic(t *testing.T) {
	both := types.EventSelector{ReadWriteType: types.ReadWriteTypeWriteOnly, DataResources: data, ExcludeManagementEventSources: []string{"kms.amazonaws.com"}}
	noKMS := types.EventSelector{ReadWriteType: types.ReadWriteTypeAll, ExcludeManagementEventSources: []string{"kms.amazonaws.com"}}
	writes := types.EventSelector{ReadWriteType: types.ReadWriteTypeWriteOnly, IncludeManagementEvents: aws.Bool(true)}
	first := all
	first.DataResources = data
	for name, c := range map[string]struct{ live, want []types.EventSelector }{
		"none":                   {nil, []types.EventSelector{all}},
		"writes":                 {[]types.EventSelector{writes}, []types.EventSelector{all}},
		"reads, writes":          {[]types.EventSelector{writes, noKMS}, []types.EventSelector{all}},
		"without a source":       {[]types.EventSelector{noKMS, onlyData}, []types.EventSelector{all, onlyData}},
		"data":                   {[]types.EventSelector{onlyData}, []types.EventSelector{onlyData, all}},
		"data and some of those": {[]types.EventSelector{both}, []types.EventSelector{onlyData, all}},
		"no room":                {[]types.EventSelector{both, onlyData, onlyData, onlyData, onlyData}, []types.EventSelector{first, onlyData, onlyData, onlyData, onlyData}},
	} {
		t.Run(name, func(t *testing.T) {
			live := Selectors{Basic: c.live}
			assert.False(t, live.management())
			assert.Equal(t, Selectors{Basic: c.want}, live.raised())
			assert.True(t, live.raised().management())
		})
	}
}

func TestRaisedAdvanced(t *testing.T) {
	field := func(name, value string) types.AdvancedFieldSelector {
		return types.AdvancedFieldSelector{Field: &name, Equals: []string{value}}
	}
	selector := func(fields ...types.AdvancedFieldSelector) types.AdvancedEventSelector {
		return types.AdvancedEventSelector{FieldSelectors: fields}
	}
	objects := selector(field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object"))
	writes := selector(field("eventCategory", "Management"), field("readOnly", "false"))
	plain := selector(field("eventCategory", "Management"))

	live := Selectors{Advanced: []types.AdvancedEventSelector{objects, writes}}
	assert.False(t, live.management())
	raised := live.raised()
	assert.True(t, raised.management())
	assert.Equal(t, objects, raised.Advanced[0])
	assert.Len(t, raised.Advanced, 2)
	assert.True(t, Selectors{Advanced: []types.AdvancedEventSelector{writes, plain}}.management())
}

func TestDefaultSelectorRecordsManagementEvents(t *testing.T) {
	assert.True(t, Selectors{Basic: []types.EventSelector{{}}}.management())
	assert.False(t, Selectors{}.management())
}
