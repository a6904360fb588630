package cloudtrail

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Trail is the model of the account's trail.
type Trail struct {
	Name         string            `json:"name" diff:"identity"`
	HomeRegion   string            `json:"home_region" diff:"identity"`
	Bucket       string            `json:"s3_bucket_name,omitzero"`
	MultiRegion  bool              `json:"multi_region"`
	GlobalEvents bool              `json:"global_service_events"`
	Validation   bool              `json:"log_file_validation"`
	Management   *bool             `json:"management_events,omitzero"` // all of them are recorded; nil: it cannot be seen
	Logging      bool              `json:"logging"`
	Tags         map[string]string `json:"tags,omitzero" diff:"create"`

	ARN           string    `json:"arn,omitzero" diff:"-"`
	Organization  bool      `json:"organization,omitzero" diff:"-"`
	EveryAccount  bool      `json:"for_every_account,omitzero" diff:"-"` // this account keeps it for its organization
	Instead       string    `json:"instead_of_bucket,omitzero" diff:"-"` // see inUse.instead
	Prefix        string    `json:"s3_key_prefix,omitzero" diff:"-"`
	KMSKey        string    `json:"kms_key,omitzero" diff:"-"`
	Topic         string    `json:"sns_topic,omitzero" diff:"-"`
	LogGroup      string    `json:"log_group,omitzero" diff:"-"`
	Selectors     Selectors `json:"event_selectors,omitzero" diff:"-"`
	DeliveryError string    `json:"delivery_error,omitzero" diff:"-"`
	DigestError   string    `json:"digest_delivery_error,omitzero" diff:"-"`
	LogsError     string    `json:"cloudwatch_logs_delivery_error,omitzero" diff:"-"`
	NoticeError   string    `json:"notification_error,omitzero" diff:"-"`
	Copies        string    `json:"further_copies,omitzero" diff:"-"`
}

var trails = &resource.Type[Trail]{
	Kind: "cloudtrail.trail",
	Doc: resource.Doc{
		Summary:  "The account's multi-region trail: logging, validating, all management events, to the bucket of the spec or its own.",
		Controls: []string{"CloudTrail.1", "CloudTrail.4"},
		Reads:    findReads,
		Writes: []resource.Permission{
			{Action: "cloudtrail:CreateTrail", Resource: everyTrail}, {Action: "cloudtrail:AddTags", Resource: everyTrail, For: "cloudtrail:CreateTrail"},
			{Action: "cloudtrail:UpdateTrail", Resource: everyTrail, Anywhere: true},
			{Action: "cloudtrail:PutEventSelectors", Resource: everyTrail, Anywhere: true},
			{Action: "cloudtrail:StartLogging", Resource: everyTrail, Anywhere: true},
		},
		Changers: []resource.Changer{
			{Path: "logging", Event: "StopLogging"}, {Path: "management_events", Event: "PutEventSelectors"},
			{Path: "s3_bucket_name", Event: "UpdateTrail", Parameter: "s3BucketName"},
			{Path: "multi_region", Event: "UpdateTrail", Parameter: "isMultiRegionTrail"},
			{Path: "global_service_events", Event: "UpdateTrail", Parameter: "includeGlobalServiceEvents"},
			{Path: "log_file_validation", Event: "UpdateTrail", Parameter: "enableLogFileValidation"},
			{Event: "DeleteTrail"},
		},
	},
	Observe: observe,
	Adapt:   adapt,
	Apply:   apply,
	Risk:    adoption,
	Notes:   notes,
	Bound:   resource.Always,
	Trace:   trace,
	LiveName: func(id resource.ID, live Trail) string {
		switch {
		case live.HomeRegion != string(id.Scope):
			return fmt.Sprintf("trail %s in %s", live.Name, live.HomeRegion)
		case live.Name != id.Name:
			return "trail " + live.Name
		}
		return ""
	},
	Settle: resource.Settle{RetryOn: []resource.Transient{
		// The bucket, or its policy, was just made.
		{Code: "S3BucketDoesNotExistException"}, {Code: "InsufficientS3BucketPolicyException"},
		// The trail was just made, or another run, or a first try whose answer was lost, made it.
		{Code: "TrailNotFoundException"}, {Code: "TrailAlreadyExistsException"},
		{Code: "ConflictException"},
	}},
}

func observe(ctx context.Context, env resource.Env, id resource.ID) (*Trail, error) {
	home := string(id.Scope)
	used, err := find(ctx, env, home, id.Name)
	switch {
	case err != nil:
		return nil, err
	case used.trail == nil && len(used.others) > 0:
		return nil, resource.Absent("none of the trails that are there can serve as the multi-region trail: it is made besides; " + used.copies())
	case used.trail == nil:
		return nil, nil
	}
	var s *cloudtrail.GetTrailStatusOutput
	var selectors Selectors
	var both reads.Group
	both.Go(func() (err error) { s, err = status(ctx, env, *used.trail, home); return err })
	if !used.organization {
		both.Go(func() (err error) { selectors, err = selectorsOf(ctx, env, *used.trail); return err })
	}
	if err := both.Wait(); err != nil {
		return nil, err
	}
	live := model(used, s, selectors)
	if used.organization {
		return live, managed(used.trail, "it serves as the account's multi-region trail, and only the organization's management account decides about it")
	}
	return live, controlTower(used.trail)
}

// selectorsOf reads the selectors, which is possible in the home region alone. A
// trail that nobody gave any records all management events and no others
// (CloudTrail API reference, PutEventSelectors).
func selectorsOf(ctx context.Context, env resource.Env, t types.Trail) (Selectors, error) {
	region := aws.ToString(t.HomeRegion)
	key := reads.Key{Service: "cloudtrail", Region: region, Call: "GetEventSelectors", Arg: aws.ToString(t.TrailARN)}
	out, err := reads.Get(ctx, env.Reads, key, func(ctx context.Context) (*cloudtrail.GetEventSelectorsOutput, error) {
		return client(env, region).GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: t.Name})
	})
	if err != nil {
		return Selectors{}, err
	}
	if len(out.EventSelectors)+len(out.AdvancedEventSelectors) == 0 && !aws.ToBool(t.HasCustomEventSelectors) {
		return Selectors{Basic: []types.EventSelector{everything}}, nil
	}
	return Selectors{Basic: out.EventSelectors, Advanced: out.AdvancedEventSelectors}, nil
}

func model(used inUse, s *cloudtrail.GetTrailStatusOutput, selectors Selectors) *Trail {
	t := used.trail
	live := &Trail{
		Name: aws.ToString(t.Name), HomeRegion: aws.ToString(t.HomeRegion), Bucket: aws.ToString(t.S3BucketName),
		MultiRegion: aws.ToBool(t.IsMultiRegionTrail), GlobalEvents: aws.ToBool(t.IncludeGlobalServiceEvents),
		Validation: aws.ToBool(t.LogFileValidationEnabled), Logging: aws.ToBool(s.IsLogging),
		ARN: aws.ToString(t.TrailARN), Organization: used.organization, EveryAccount: !used.organization && aws.ToBool(t.IsOrganizationTrail), Instead: used.instead, Prefix: aws.ToString(t.S3KeyPrefix),
		KMSKey: aws.ToString(t.KmsKeyId), Topic: aws.ToString(t.SnsTopicARN), LogGroup: aws.ToString(t.CloudWatchLogsLogGroupArn),
		Selectors:     selectors,
		DeliveryError: aws.ToString(s.LatestDeliveryError), DigestError: aws.ToString(s.LatestDigestDeliveryError),
		LogsError: aws.ToString(s.LatestCloudWatchLogsDeliveryError), NoticeError: aws.ToString(s.LatestNotificationError),
	}
	if len(used.others) > 0 {
		live.Copies = used.copies()
	}
	all := selectors.management()
	if used.organization {
		// The selectors are not this account's to read. A trail without any
		// records all management events.
		all = !aws.ToBool(t.HasCustomEventSelectors)
	}
	if all || !used.organization {
		live.Management = &all
	}
	return live
}

// adapt leaves an adopted trail its bucket.
func adapt(live, want Trail) (Trail, []string) {
	var notes []string
	if keeps(live.Instead, want.Bucket) {
		want.Bucket = ""
	}
	if live.Management == nil {
		notes = append(notes, "the trail has event selectors that this account cannot read: whether it records all management events is not known")
	}
	return want, notes
}

func notes(live Trail) []string {
	var notes []string
	if live.DeliveryError != "" {
		notes = append(notes, fmt.Sprintf("its latest log delivery to the bucket %s failed with %s: look at the bucket, its policy and its key", live.Bucket, live.DeliveryError))
	}
	if live.DigestError != "" {
		notes = append(notes, fmt.Sprintf("its latest digest delivery to the bucket %s failed with %s: without digests nobody can validate the log files", live.Bucket, live.DigestError))
	}
	if live.LogsError != "" {
		notes = append(notes, fmt.Sprintf("its latest delivery to CloudWatch Logs failed with %s: alarms that read there see nothing; look at the log group and the trail's role", live.LogsError))
	}
	if live.NoticeError != "" {
		notes = append(notes, fmt.Sprintf("its latest notification failed with %s: look at the topic and its policy", live.NoticeError))
	}
	if live.Copies != "" {
		notes = append(notes, live.Copies)
	}
	return notes
}

// adoption says which trail and which bucket a change is about, where the address
// does not.
func adoption(d resource.Delta[Trail]) []resource.Risk {
	if d.Before == nil {
		return nil
	}
	risks := whichBucket(d)
	if d.Before.EveryAccount {
		risks = append(risks, resource.Risk{Kind: "organization", Text: fmt.Sprintf(
			"the trail %s is the organization's: the change holds in every account of it, and one that has a trail of its own pays for a second copy of what both record", d.Before.Name)})
	}
	return risks
}

func whichBucket(d resource.Delta[Trail]) []resource.Risk {
	switch {
	case d.Has("s3_bucket_name"):
		return []resource.Risk{{Kind: "redirection", Text: fmt.Sprintf(
			"the trail %s delivers to the bucket %s, and will to %s; what is in the first stays there, as it is protected there", d.Before.Name, d.Before.Bucket, d.After.Bucket)}}
	case d.Before.Instead != "":
		return []resource.Risk{{Kind: "adoption", Text: fmt.Sprintf(
			"the trail %s, which delivers to the bucket %s, is brought up to the spec; no other is made", d.Before.Name, d.Before.Bucket)}}
	}
	return nil
}

// copies says what the trails besides the one in use may cost (AWS CloudTrail
// pricing).
func (u inUse) copies() string {
	return fmt.Sprintf("further trails may record management events too (%s): each copy but the first is billed, $2.00 per 100,000 events", u.arns())
}

// arns lists the further trails.
func (u inUse) arns() string {
	arns := make([]string, len(u.others))
	for i, t := range u.others {
		arns[i] = aws.ToString(t.TrailARN)
	}
	return strings.Join(arns, ", ")
}

// trace: calls on a trail are recorded in its home region. One that is gone may have
// had any name, since others are adopted.
func trace(id resource.ID, live *Trail) resource.Trace {
	if live == nil {
		return resource.Trace{Region: string(id.Scope)}
	}
	return resource.Trace{Region: live.HomeRegion, Names: []string{live.Name, live.ARN}}
}

func apply(ctx context.Context, env resource.Env, d resource.Delta[Trail]) error {
	if d.Action == resource.Create {
		return create(ctx, env, d.After)
	}
	return update(ctx, env, d)
}

// create says everything: left alone, CreateTrail makes a trail of one region
// that validates nothing and does not log. A new trail records all management
// events (CloudTrail API reference, CreateTrail, PutEventSelectors).
func create(ctx context.Context, env resource.Env, want Trail) error {
	input := &cloudtrail.CreateTrailInput{
		Name: &want.Name, S3BucketName: &want.Bucket, IsMultiRegionTrail: &want.MultiRegion,
		IncludeGlobalServiceEvents: &want.GlobalEvents, EnableLogFileValidation: &want.Validation,
	}
	for _, k := range slices.Sorted(maps.Keys(want.Tags)) {
		tag := types.Tag{Key: aws.String(k)}
		if v := want.Tags[k]; v != "" { // which is no value to CloudTrail
			tag.Value = &v
		}
		input.TagsList = append(input.TagsList, tag)
	}
	c := client(env, want.HomeRegion)
	if _, err := c.CreateTrail(ctx, input); err != nil {
		return explain(err, want.Bucket)
	}
	if _, err := c.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: &want.Name}); err != nil {
		return resource.Made(err)
	}
	return nil
}

// update sends what differs, to the trail's home region, where its name is
// enough. What is refused of it keeps the rest from nothing: that a trail logs above all.
func update(ctx context.Context, env resource.Env, d resource.Delta[Trail]) error {
	c, name := client(env, d.After.HomeRegion), &d.After.Name
	var errs []error
	if d.Has("s3_bucket_name") || d.Has("multi_region") || d.Has("global_service_events") || d.Has("log_file_validation") {
		_, err := c.UpdateTrail(ctx, updateInput(d))
		errs = append(errs, explain(err, d.After.Bucket))
	}
	if d.Has("management_events") {
		raised := d.After.Selectors.raised()
		_, err := c.PutEventSelectors(ctx, &cloudtrail.PutEventSelectorsInput{TrailName: name, EventSelectors: raised.Basic, AdvancedEventSelectors: raised.Advanced})
		errs = append(errs, err)
	}
	if d.Has("logging") {
		_, err := c.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: name})
		errs = append(errs, err)
	}
	return cmp.Or(errs...)
}

// updateInput leaves out what UpdateTrail is to leave alone. That a multi-region trail
// has global events is always said, because CloudTrail refuses one without the other.
func updateInput(d resource.Delta[Trail]) *cloudtrail.UpdateTrailInput {
	input := &cloudtrail.UpdateTrailInput{
		Name: &d.After.Name, IsMultiRegionTrail: &d.After.MultiRegion, IncludeGlobalServiceEvents: &d.After.GlobalEvents,
	}
	if d.Has("s3_bucket_name") {
		input.S3BucketName = &d.After.Bucket
	}
	if d.Has("log_file_validation") {
		input.EnableLogFileValidation = &d.After.Validation
	}
	return input
}

// explain says what to do about what making or changing a trail may fail with.
func explain(err error, bucket string) error {
	switch {
	case awsx.IsCode(err, "MaximumNumberOfTrailsExceededException"):
		return full(awsx.ErrorMessage(err))
	case awsx.IsCode(err, "TrailAlreadyExistsException"): // which passes where another run has just made it
		return resource.Pending(awsx.Explain(err) + "; if that stays so, a trail that cannot serve has the name, in another region or of the organization: choose another one in cloudtrail.trail_name")
	case awsx.IsCode(err, "KmsKeyNotFoundException", "KmsKeyDisabledException", "KmsException", "InsufficientEncryptionPolicyException"):
		return fmt.Errorf("%s; the trail keeps its key, which must be in the region of the bucket %s, be enabled, and let CloudTrail use it", awsx.Explain(err), bucket)
	case awsx.IsCode(err, "InsufficientS3BucketPolicyException"): // which passes where the policy was just put
		return resource.Pending(fmt.Sprintf("%s; if that stays so, look for Deny statements in the policy of the bucket %s, and whether Requester Pays is on", awsx.Explain(err), bucket))
	}
	return err
}

func full(details string) error {
	return fmt.Errorf("no room for a multi-region trail: a region sees %d trails at most, multi-region trails of other regions and of the organization included, and AWS does not raise that (%s); delete a trail that is not needed any more, or name one to be raised in trail_name",
		maxTrails, details)
}
