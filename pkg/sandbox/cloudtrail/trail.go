package cloudtrail

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

// maxTrails is how many trails a region can see, shadows included.
const maxTrails = 5

// trailOutput describes a trail. CreateTrail and UpdateTrail leave out what only
// DescribeTrails tells.
type trailOutput struct {
	Name         string `json:"Name"`
	Bucket       string `json:"S3BucketName"`
	Prefix       string `json:"S3KeyPrefix,omitempty"`
	Topic        string `json:"SnsTopicARN,omitempty"`
	Global       bool   `json:"IncludeGlobalServiceEvents"`
	MultiRegion  bool   `json:"IsMultiRegionTrail"`
	Home         string `json:"HomeRegion,omitempty"`
	ARN          string `json:"TrailARN"`
	Validation   bool   `json:"LogFileValidationEnabled"`
	LogGroup     string `json:"CloudWatchLogsLogGroupArn,omitempty"`
	LogRole      string `json:"CloudWatchLogsRoleArn,omitempty"`
	KMSKey       string `json:"KmsKeyId,omitempty"`
	Custom       *bool  `json:"HasCustomEventSelectors"`
	Insights     *bool  `json:"HasInsightSelectors"`
	Organization bool   `json:"IsOrganizationTrail"`
}

func (t seen) written() trailOutput {
	return trailOutput{
		Name: t.name, Bucket: t.Bucket, Prefix: t.Prefix, Topic: t.Topic, Global: t.Global, MultiRegion: t.MultiRegion,
		ARN: t.arn, Validation: t.Validation, LogGroup: t.LogGroup, LogRole: t.LogRole, KMSKey: t.KMSKey, Organization: t.Organization,
	}
}

func (t seen) described() trailOutput {
	out := t.written()
	custom, insights := len(t.Selectors)+len(t.Advanced) > 0, len(t.Insights) > 0
	out.Home, out.Custom, out.Insights = t.home, &custom, &insights
	return out
}

type describeTrailsInput struct {
	Names   []string `json:"trailNameList"`
	Shadows *bool    `json:"includeShadowTrails"`
}

type describeTrailsOutput struct {
	Trails []trailOutput `json:"trailList"`
}

// describeTrails lists shadows too, unless told not to; names that it does not
// know it passes over.
func describeTrails(req *sandbox.Request, in describeTrailsInput) (any, error) {
	trails := trailsIn(req, req.Region)
	if len(in.Names) > 0 {
		trails = nil
		for _, name := range in.Names {
			t, err := find(req, name)
			if e, ok := errors.AsType[*sandbox.APIError](err); ok && e.Code != "TrailNotFoundException" {
				return nil, err
			}
			if err == nil {
				trails = append(trails, t)
			}
		}
	}
	out := describeTrailsOutput{Trails: []trailOutput{}}
	for _, t := range trails {
		if !t.shadow || in.Shadows == nil || *in.Shadows {
			out.Trails = append(out.Trails, t.described())
		}
	}
	out.Trails = sandbox.Shuffled(req, out.Trails)
	return out, nil
}

type nameInput struct {
	Name string `json:"Name,required"`
}

type getTrailOutput struct {
	Trail trailOutput `json:"Trail"`
}

func getTrail(req *sandbox.Request, in nameInput) (any, error) {
	t, err := find(req, in.Name)
	if err != nil {
		return nil, err
	}
	return getTrailOutput{t.described()}, nil
}

type listTrailsInput struct {
	Token string `json:"NextToken"`
}

type listTrailsOutput struct {
	Trails []trailEntry `json:"Trails"`
	Token  string       `json:"NextToken,omitempty"`
}

type trailEntry struct {
	ARN  string `json:"TrailARN"`
	Name string `json:"Name"`
	Home string `json:"HomeRegion"`
}

// listTrails lists the trails of all regions.
func listTrails(req *sandbox.Request, in listTrailsInput) (any, error) {
	var all []trailEntry
	for _, home := range slices.Sorted(maps.Keys(req.Regions())) {
		for _, t := range trailsIn(req, home) {
			if t.home == home {
				all = append(all, trailEntry{t.arn, t.name, home})
			}
		}
	}
	page, next, err := sandbox.Page(req, all, in.Token, 0, 1000)
	return listTrailsOutput{page, next}, err
}

// trailInput is what CreateTrail and UpdateTrail take.
type trailInput struct {
	Name         string  `json:"Name,required"`
	Bucket       *string `json:"S3BucketName"`
	Prefix       *string `json:"S3KeyPrefix"`
	Topic        *string `json:"SnsTopicName"`
	Global       *bool   `json:"IncludeGlobalServiceEvents"`
	MultiRegion  *bool   `json:"IsMultiRegionTrail"`
	Validation   *bool   `json:"EnableLogFileValidation"`
	LogGroup     *string `json:"CloudWatchLogsLogGroupArn"`
	LogRole      *string `json:"CloudWatchLogsRoleArn"`
	KMSKey       *string `json:"KmsKeyId"`
	Organization *bool   `json:"IsOrganizationTrail"`
}

type createTrailInput struct {
	trailInput
	Tags []tag `json:"TagsList" range:"0,200"`
}

// createTrail makes a trail of one region that validates nothing and does not
// log, unless the request says otherwise.
func createTrail(req *sandbox.Request, in createTrailInput) (any, error) {
	if !validName(in.Name) {
		return nil, invalidName(in.Name)
	}
	if in.Bucket == nil {
		return nil, refuse("InvalidS3BucketNameException", "Bucket name cannot be blank!")
	}
	for region := range req.Regions() {
		for _, t := range trailsIn(req, region) {
			if t.name == in.Name && t.Account == "" && (region == req.Region || t.MultiRegion) {
				return nil, refuse("TrailAlreadyExistsException", "Trail %s already exists for customer: %s", in.Name, req.AccountID)
			}
		}
	}
	tags, err := merge(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	t := seen{Trail: &Trail{Global: true, Tags: tags}, name: in.Name, home: req.Region}
	t.arn = arn(req, t.home, t.Trail, t.name)
	if err := t.set(req, in.trailInput); err != nil {
		return nil, err
	}
	into := []string{t.home}
	if t.MultiRegion {
		into = slices.Sorted(maps.Keys(req.Regions()))
	}
	if err := checkRoom(req, into); err != nil {
		return nil, err
	}
	state := sandbox.State[State](req)
	if state.Trails == nil {
		state.Trails = map[string]*Trail{}
	}
	state.Trails[t.name] = t.Trail
	return t.written(), nil
}

// updateTrail changes what the request names.
func updateTrail(req *sandbox.Request, in trailInput) (any, error) {
	t, err := own(req, in.Name)
	if err != nil {
		return nil, err
	}
	if in.MultiRegion != nil && *in.MultiRegion && !t.MultiRegion {
		others := slices.DeleteFunc(slices.Sorted(maps.Keys(req.Regions())), func(region string) bool { return region == t.home })
		if err := checkRoom(req, others); err != nil {
			return nil, err
		}
	}
	if err := t.set(req, in); err != nil {
		return nil, err
	}
	return t.written(), nil
}

// checkRoom refuses a trail more in regions that see as many as they can.
func checkRoom(req *sandbox.Request, regions []string) error {
	for _, region := range regions {
		if len(trailsIn(req, region)) >= maxTrails {
			return refuse("MaximumNumberOfTrailsExceededException", "User: %s already has %d trails in %s.", req.AccountID, maxTrails, region)
		}
	}
	return nil
}

// set takes over what the request names, and checks the whole.
func (t seen) set(req *sandbox.Request, in trailInput) error {
	for _, s := range []struct {
		to   *string
		from *string
	}{{&t.Bucket, in.Bucket}, {&t.Prefix, in.Prefix}, {&t.LogGroup, in.LogGroup}, {&t.LogRole, in.LogRole}, {&t.KMSKey, in.KMSKey}} {
		if s.from != nil {
			*s.to = *s.from
		}
	}
	for _, b := range []struct {
		to   *bool
		from *bool
	}{{&t.Global, in.Global}, {&t.MultiRegion, in.MultiRegion}, {&t.Validation, in.Validation}} {
		if b.from != nil {
			*b.to = *b.from
		}
	}
	if in.Topic != nil {
		t.Topic = *in.Topic
		if t.Topic != "" && !strings.HasPrefix(t.Topic, "arn:") {
			t.Topic = req.ARN("sns", t.home, t.Topic)
		}
	}
	return t.check(req, in)
}

func (t seen) check(req *sandbox.Request, in trailInput) error {
	switch {
	case t.MultiRegion && !t.Global:
		return refuse("InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
	case in.Organization != nil && *in.Organization:
		return refuse("OrganizationsNotInUseException", "Your account is not a member of an organization.")
	case t.KMSKey != "" && !strings.HasPrefix(t.KMSKey, "arn:"):
		return refuse("InvalidKmsKeyIdException", "KMS key %s is not a key ARN", t.KMSKey)
	case (t.LogGroup == "") != (t.LogRole == ""):
		return refuse("InvalidParameterCombinationException", "You must specify a log group ARN and a role ARN together.")
	}
	if in.Bucket == nil && in.Prefix == nil {
		return nil
	}
	return t.checkBucket(req)
}

// checkBucket tries the bucket, as CloudTrail does before it accepts one.
func (t seen) checkBucket(req *sandbox.Request) error {
	switch t.delivery(req) {
	case "":
		return nil
	case noSuchBucket:
		return refuse("S3BucketDoesNotExistException", "S3 bucket %s does not exist!", t.Bucket)
	default:
		return refuse("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: %s", t.Bucket)
	}
}

// What S3 answers to a delivery that fails.
const (
	noSuchBucket = "NoSuchBucket"
	accessDenied = "AccessDenied"
)

// delivery returns S3's code for a delivery to the trail's bucket now.
func (t seen) delivery(req *sandbox.Request) string {
	bucket := s3.Peek(req)[t.Bucket]
	if bucket == nil {
		return noSuchBucket
	}
	resource := "arn:" + req.Partition + ":s3:::" + t.Bucket
	prefix := ""
	if t.Prefix != "" {
		prefix = t.Prefix + "/"
	}
	for _, access := range []s3.Access{
		{Action: "s3:GetBucketAcl", Resource: resource},
		{Action: "s3:PutObject", Resource: resource + "/" + prefix + "AWSLogs/" + req.AccountID + "/CloudTrail/" + t.home + "/x.json.gz"},
	} {
		access.Service = "cloudtrail.amazonaws.com"
		access.Context = map[string]string{
			"aws:SourceArn": t.arn, "aws:SourceAccount": req.AccountID,
			"s3:x-amz-acl": "bucket-owner-full-control", "aws:SecureTransport": "true",
		}
		if !bucket.Permits(access) {
			return accessDenied
		}
	}
	return ""
}

func deleteTrail(req *sandbox.Request, in nameInput) (any, error) {
	t, err := own(req, in.Name)
	if err != nil {
		return nil, err
	}
	delete(sandbox.State[State](req).Trails, t.name)
	return nil, nil
}

var (
	nameShape = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{1,126})[A-Za-z0-9]$`)
	adjacent  = regexp.MustCompile(`[._-]{2}`)
	ipShape   = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
)

func validName(name string) bool {
	return nameShape.MatchString(name) && !adjacent.MatchString(name) && !ipShape.MatchString(name)
}

func invalidName(name string) error {
	return refuse("InvalidTrailNameException", "Trail name %s is not valid: 3 to 128 letters, digits, periods, underscores and dashes, none of the latter adjacent, first or last.", name)
}
