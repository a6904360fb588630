package cloudtrail

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// Selectors are a trail's event selectors, of one kind or the other: putting
// one kind overwrites the other (CloudTrail API reference, PutEventSelectors).
type Selectors struct {
	Basic    []types.EventSelector         `json:"basic,omitzero"`
	Advanced []types.AdvancedEventSelector `json:"advanced,omitzero"`
}

// everything is the selector of all management events.
var everything = types.EventSelector{ReadWriteType: types.ReadWriteTypeAll, IncludeManagementEvents: aws.Bool(true)}

// maxBasic is how many basic selectors a trail can have.
const maxBasic = 5

// management says whether every management event is recorded, reads and writes,
// of all sources.
func (s Selectors) management() bool {
	return slices.ContainsFunc(s.Basic, allManagement) || slices.ContainsFunc(s.Advanced, plainManagement)
}

func allManagement(b types.EventSelector) bool {
	return management(b) && (b.ReadWriteType == types.ReadWriteTypeAll || b.ReadWriteType == "") && len(b.ExcludeManagementEventSources) == 0
}

// management says whether a selector records management events, which is the
// default of one that does not say.
func management(b types.EventSelector) bool {
	return b.IncludeManagementEvents == nil || *b.IncludeManagementEvents
}

// plainManagement says whether a selector has no condition but the category.
func plainManagement(a types.AdvancedEventSelector) bool {
	return len(a.FieldSelectors) == 1 && ofManagement(a)
}

func ofManagement(a types.AdvancedEventSelector) bool {
	return slices.ContainsFunc(a.FieldSelectors, func(f types.AdvancedFieldSelector) bool {
		return aws.ToString(f.Field) == "eventCategory" && slices.Equal(f.Equals, []string{"Management"})
	})
}

// raised returns the selectors with every management event in them. What they
// record besides, data events above all, they record as before: no more, because
// it is billed, and no less.
func (s Selectors) raised() Selectors {
	if len(s.Advanced) > 0 {
		return Selectors{Advanced: raisedAdvanced(s.Advanced)}
	}
	return Selectors{Basic: raisedBasic(s.Basic)}
}

// raisedAdvanced puts one plain selector in the place of those that record some
// of the management events.
func raisedAdvanced(list []types.AdvancedEventSelector) []types.AdvancedEventSelector {
	others := slices.DeleteFunc(slices.Clone(list), ofManagement)
	return append(others, types.AdvancedEventSelector{
		Name:           aws.String("Management events"),
		FieldSelectors: []types.AdvancedFieldSelector{{Field: aws.String("eventCategory"), Equals: []string{"Management"}}},
	})
}

// raisedBasic takes management events out of the selectors that are about data
// too, and records all of them by one of their own. Where there is no room for
// that, the first selector records more than it has to.
func raisedBasic(list []types.EventSelector) []types.EventSelector {
	all := everything
	var raised []types.EventSelector
	at := -1
	for _, b := range list {
		switch {
		case len(b.DataResources) > 0:
			b.IncludeManagementEvents, b.ExcludeManagementEventSources = aws.Bool(false), nil
			raised = append(raised, b)
		case at < 0:
			at = len(raised)
			raised = append(raised, all)
		}
	}
	switch {
	case at >= 0:
		return raised
	case len(raised) == maxBasic:
		all.DataResources = raised[0].DataResources
		raised[0] = all
		return raised
	default:
		return append(raised, all)
	}
}
