package property

import (
	"pgregory.net/rapid"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/cloudtrail"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

func liveTrails(t *rapid.T, acct *sandbox.Account, w wish) {
	for _, name := range some(t, "trail", "kiso", "audit", "old") {
		home := pick(t, name+" home", regions...)
		trail := liveTrail(t, acct, name, w)
		cloudtrail.Edit(acct, home, func(s *cloudtrail.State) { s.Trails[name] = trail })
	}
	if one(t, 5, "organization trail") {
		trail := liveTrail(t, acct, "organization", w)
		trail.Account, trail.Organization, trail.Bucket = central, true, "organization-logs"
		cloudtrail.Edit(acct, pick(t, "organization home", regions...), func(s *cloudtrail.State) { s.Trails["organization"] = trail })
	}
}

// liveTrail leaves out one state: a trail whose bucket is gone, and is the one that
// the spec's config section makes anew. Whether the trail is pointed elsewhere then
// depends on which of the two is made first.
func liveTrail(t *rapid.T, acct *sandbox.Account, name string, w wish) *cloudtrail.Trail {
	buckets := append([]string{w.logs, "gone"}, bucketNames...)
	if s3.Get(acct).Buckets[w.history] != nil {
		buckets = append(buckets, w.history)
	}
	trail := &cloudtrail.Trail{
		Bucket: pick(t, name+" bucket", buckets...), Prefix: pick(t, name+" prefix", "", "", "x/y"),
		MultiRegion: yes(t, name+" multi-region"), Validation: yes(t, name+" validation"), Logging: yes(t, name+" logging"),
		Topic: pick(t, name+" topic", "", "arn:aws:sns:eu-west-1:"+account+":theirs"), KMSKey: pick(t, name+" key", "", "arn:aws:kms:eu-west-1:"+account+":key/k"),
		Insights: pick(t, name+" insights", nil, []string{"ApiCallRateInsight"}), Tags: tags(t, name),
	}
	trail.Global = trail.MultiRegion || yes(t, name+" global events")
	switch pick(t, name+" selectors", "default", "basic", "advanced") {
	case "basic":
		trail.Selectors = basicSelectors(t, name)
	case "advanced":
		trail.Advanced = advancedSelectors(t, name)
	}
	return trail
}

func basicSelectors(t *rapid.T, name string) []cloudtrail.EventSelector {
	var list []cloudtrail.EventSelector
	for range rapid.IntRange(1, 5).Draw(t, name+" number of selectors") {
		s := cloudtrail.EventSelector{
			ReadWriteType: pick(t, name+" reads and writes", "All", "ReadOnly", "WriteOnly"), Management: ref(yes(t, name+" management")),
			DataResources: []cloudtrail.DataResource{}, Exclude: []string{},
		}
		if !*s.Management || yes(t, name+" data") {
			s.DataResources = []cloudtrail.DataResource{pick(t, name+" data resource",
				cloudtrail.DataResource{Type: "AWS::S3::Object", Values: []string{"arn:aws:s3"}},
				cloudtrail.DataResource{Type: "AWS::Lambda::Function", Values: []string{"arn:aws:lambda"}})}
		}
		if *s.Management {
			s.Exclude = pick(t, name+" excluded", []string{}, []string{"kms.amazonaws.com"})
		}
		list = append(list, s)
	}
	return list
}

func advancedSelectors(t *rapid.T, name string) []cloudtrail.AdvancedSelector {
	field := func(name string, equals ...string) cloudtrail.FieldSelector {
		return cloudtrail.FieldSelector{Field: name, Equals: equals}
	}
	list := some(t, name+" advanced selectors",
		cloudtrail.AdvancedSelector{Name: "all", Fields: []cloudtrail.FieldSelector{field("eventCategory", "Management")}},
		cloudtrail.AdvancedSelector{Name: "writes", Fields: []cloudtrail.FieldSelector{field("eventCategory", "Management"), field("readOnly", "false")}},
		cloudtrail.AdvancedSelector{Name: "quiet", Fields: []cloudtrail.FieldSelector{field("eventCategory", "Management"), {Field: "eventSource", NotEquals: []string{"kms.amazonaws.com"}}}},
		cloudtrail.AdvancedSelector{Name: "objects", Fields: []cloudtrail.FieldSelector{field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object")}},
	)
	return append(list, cloudtrail.AdvancedSelector{Name: "tables", Fields: []cloudtrail.FieldSelector{field("eventCategory", "Data"), field("resources.type", "AWS::DynamoDB::Table")}})
}
