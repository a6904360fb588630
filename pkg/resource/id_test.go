package resource_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/resource"
)

func TestAddressRoundTrips(t *testing.T) {
	for text, want := range map[string]resource.ID{
		"guardduty.detector/eu-west-1/detector":   {Kind: "guardduty.detector", Scope: "eu-west-1", Name: "detector"},
		"config.service_linked_role/global/r":     {Kind: "config.service_linked_role", Scope: resource.Global, Name: "r"},
		"securityhub.standard/eu-west-1/nist/v/5": {Kind: "securityhub.standard", Scope: "eu-west-1", Name: "nist/v/5"},
	} {
		var id resource.ID
		require.NoError(t, json.Unmarshal([]byte(`"`+text+`"`), &id))
		assert.Equal(t, want, id)
		data, err := json.Marshal(map[resource.ID]bool{id: true})
		require.NoError(t, err)
		assert.JSONEq(t, `{"`+text+`":true}`, string(data))
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	for _, text := range []string{"", "detector", "guardduty.detector/eu-west-1", "guardduty/eu-west-1/detector", "guardduty.detector//detector", "guardduty.detector/eu-west-1/"} {
		var id resource.ID
		assert.ErrorContains(t, id.UnmarshalText([]byte(text)), "is not an address: want KIND/REGION/NAME", text)
	}
}

func TestIDsSortByKindThenGlobalThenRegionThenName(t *testing.T) {
	sorted := []resource.ID{
		{Kind: "a.b", Scope: resource.Global, Name: "z"},
		{Kind: "a.b", Scope: "eu-west-1", Name: "a"},
		{Kind: "a.b", Scope: "eu-west-1", Name: "b"},
		{Kind: "a.b", Scope: "us-east-1", Name: "a"},
		{Kind: "b.a", Scope: resource.Global, Name: "a"},
	}
	shuffled := []resource.ID{sorted[4], sorted[2], sorted[0], sorted[3], sorted[1]}
	slices.SortFunc(shuffled, resource.ID.Compare)
	assert.Equal(t, sorted, shuffled)
}

func TestServiceOfAKind(t *testing.T) {
	assert.Equal(t, "guardduty", resource.Kind("guardduty.detector").Service())
}
