package cloudtrail_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscloudtrail "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/cloudtrail"
	"github.com/kiso-cli/kiso/pkg/sandbox/s3"
)

const (
	home   = "eu-west-1"
	bucket = "logs"
)

// setUp makes an account whose bucket takes the logs of trails called kiso at
// home in eu-west-1.
func setUp(t *testing.T) (*sandbox.Account, *awscloudtrail.Client) {
	t.Helper()
	acct := sandbox.New(sandbox.Options{}, cloudtrail.New(), s3.New())
	s3.Edit(acct, func(s *s3.State) {
		s.Buckets[bucket] = &s3.Bucket{Region: "us-west-2", Policy: policyFor("arn:aws:cloudtrail:eu-west-1:123456789012:trail/kiso")}
	})
	return acct, client(acct, home)
}

func policyFor(source string) string {
	return fmt.Sprintf(`{"Statement":[`+
		`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs","Condition":{"StringLike":{"aws:SourceArn":%[1]q}}},`+
		`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/AWSLogs/123456789012/*","Condition":{"StringLike":{"aws:SourceArn":%[1]q}}}]}`, source)
}

func client(acct *sandbox.Account, region string) *awscloudtrail.Client {
	return awscloudtrail.NewFromConfig(acct.Config(region))
}

func create(t *testing.T, c *awscloudtrail.Client, change func(*awscloudtrail.CreateTrailInput)) error {
	t.Helper()
	in := &awscloudtrail.CreateTrailInput{Name: aws.String("kiso"), S3BucketName: aws.String(bucket)}
	if change != nil {
		change(in)
	}
	_, err := c.CreateTrail(t.Context(), in)
	return err
}

func multiRegion(in *awscloudtrail.CreateTrailInput) {
	in.IsMultiRegionTrail, in.IncludeGlobalServiceEvents, in.EnableLogFileValidation = aws.Bool(true), aws.Bool(true), aws.Bool(true)
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func describe(t *testing.T, c *awscloudtrail.Client) []types.Trail {
	t.Helper()
	out, err := c.DescribeTrails(t.Context(), &awscloudtrail.DescribeTrailsInput{})
	require.NoError(t, err)
	return out.TrailList
}

func TestDefaultsAreWeak(t *testing.T) {
	_, c := setUp(t)
	require.NoError(t, create(t, c, nil))
	trail := describe(t, c)[0]
	assert.False(t, *trail.IsMultiRegionTrail)
	assert.False(t, *trail.LogFileValidationEnabled)
	assert.True(t, *trail.IncludeGlobalServiceEvents)
	status, err := c.GetTrailStatus(t.Context(), &awscloudtrail.GetTrailStatusInput{Name: aws.String("kiso")})
	require.NoError(t, err)
	assert.False(t, *status.IsLogging)
	_, err = c.GetInsightSelectors(t.Context(), &awscloudtrail.GetInsightSelectorsInput{TrailName: aws.String("kiso")})
	assert.Equal(t, "InsightNotEnabledException", code(err))
}

func TestShadows(t *testing.T) {
	acct, c := setUp(t)
	require.NoError(t, create(t, c, multiRegion))
	abroad := client(acct, "us-east-1")
	trail := describe(t, abroad)[0]
	assert.Equal(t, home, *trail.HomeRegion)
	out, err := abroad.DescribeTrails(t.Context(), &awscloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)})
	require.NoError(t, err)
	assert.Empty(t, out.TrailList)

	_, byName := abroad.GetTrailStatus(t.Context(), &awscloudtrail.GetTrailStatusInput{Name: aws.String("kiso")})
	assert.Equal(t, "TrailNotFoundException", code(byName))
	_, byARN := abroad.GetTrailStatus(t.Context(), &awscloudtrail.GetTrailStatusInput{Name: trail.TrailARN})
	assert.NoError(t, byARN)
	_, selectors := abroad.GetEventSelectors(t.Context(), &awscloudtrail.GetEventSelectorsInput{TrailName: trail.TrailARN})
	assert.Equal(t, "TrailNotFoundException", code(selectors))
	_, start := abroad.StartLogging(t.Context(), &awscloudtrail.StartLoggingInput{Name: trail.TrailARN})
	assert.Equal(t, "InvalidHomeRegionException", code(start))
	list, err := abroad.ListTrails(t.Context(), &awscloudtrail.ListTrailsInput{})
	require.NoError(t, err)
	assert.Equal(t, home, *list.Trails[0].HomeRegion)
}

func TestCreateRefusals(t *testing.T) {
	acct, c := setUp(t)
	require.NoError(t, create(t, c, nil))
	s3.Edit(acct, func(s *s3.State) { s.Buckets["closed"] = &s3.Bucket{Region: home} })
	for want, change := range map[string]func(*awscloudtrail.CreateTrailInput){
		"TrailAlreadyExistsException": func(*awscloudtrail.CreateTrailInput) {},
		"InvalidTrailNameException":   func(in *awscloudtrail.CreateTrailInput) { in.Name = aws.String("a--b") },
		"S3BucketDoesNotExistException": func(in *awscloudtrail.CreateTrailInput) {
			in.Name, in.S3BucketName = aws.String("new"), aws.String("none")
		},
		"InsufficientS3BucketPolicyException": func(in *awscloudtrail.CreateTrailInput) {
			in.Name, in.S3BucketName = aws.String("new"), aws.String("closed")
		},
		"InvalidParameterException": func(in *awscloudtrail.CreateTrailInput) {
			in.TagsList = []types.Tag{{Key: aws.String("k"), Value: aws.String("")}}
		},
		"OrganizationsNotInUseException": func(in *awscloudtrail.CreateTrailInput) {
			in.Name, in.IsOrganizationTrail = aws.String("new"), aws.Bool(true)
		},
		"InvalidParameterCombinationException": func(in *awscloudtrail.CreateTrailInput) {
			in.Name, in.IsMultiRegionTrail, in.IncludeGlobalServiceEvents = aws.String("new"), aws.Bool(true), aws.Bool(false)
		},
	} {
		t.Run(want, func(t *testing.T) { assert.Equal(t, want, code(create(t, c, change))) })
	}
	err := create(t, c, func(in *awscloudtrail.CreateTrailInput) { in.Name = aws.String("other") })
	assert.Equal(t, "InsufficientS3BucketPolicyException", code(err), "the policy is for another trail")
	assert.ErrorContains(t, err, "Incorrect S3 bucket policy is detected for bucket: logs")
}

func TestFiveTrailsCountShadows(t *testing.T) {
	acct, _ := setUp(t)
	s3.Edit(acct, func(s *s3.State) { s.Buckets[bucket].Policy = policyFor("*") })
	named := func(name string, more func(*awscloudtrail.CreateTrailInput)) func(*awscloudtrail.CreateTrailInput) {
		return func(in *awscloudtrail.CreateTrailInput) {
			in.Name = &name
			if more != nil {
				more(in)
			}
		}
	}
	for i, region := range []string{"eu-west-1", "eu-west-2", "eu-west-3", "us-east-1"} {
		require.NoError(t, create(t, client(acct, region), named(fmt.Sprintf("t%d0", i), multiRegion)))
	}
	require.NoError(t, create(t, client(acct, "sa-east-1"), named("local", nil)))
	assert.Equal(t, "MaximumNumberOfTrailsExceededException", code(create(t, client(acct, "sa-east-1"), named("more", nil))))
	assert.Equal(t, "MaximumNumberOfTrailsExceededException", code(create(t, client(acct, home), named("more", multiRegion))))
	require.NoError(t, create(t, client(acct, home), named("more", nil)))
	_, err := client(acct, home).UpdateTrail(t.Context(), &awscloudtrail.UpdateTrailInput{Name: aws.String("more"), IsMultiRegionTrail: aws.Bool(true)})
	assert.Equal(t, "MaximumNumberOfTrailsExceededException", code(err), "sa-east-1 has no room")
}

func TestUpdateIsPartialAndChecked(t *testing.T) {
	_, c := setUp(t)
	require.NoError(t, create(t, c, nil))
	update := func(change func(*awscloudtrail.UpdateTrailInput)) error {
		in := &awscloudtrail.UpdateTrailInput{Name: aws.String("kiso")}
		change(in)
		_, err := c.UpdateTrail(t.Context(), in)
		return err
	}
	require.NoError(t, update(func(in *awscloudtrail.UpdateTrailInput) { in.EnableLogFileValidation = aws.Bool(true) }))
	require.NoError(t, update(func(in *awscloudtrail.UpdateTrailInput) { in.IsMultiRegionTrail = aws.Bool(true) }))
	err := update(func(in *awscloudtrail.UpdateTrailInput) { in.IncludeGlobalServiceEvents = aws.Bool(false) })
	assert.Equal(t, "InvalidParameterCombinationException", code(err))
	err = update(func(in *awscloudtrail.UpdateTrailInput) { in.S3BucketName = aws.String("none") })
	assert.Equal(t, "S3BucketDoesNotExistException", code(err))
	trail := describe(t, c)[0]
	assert.True(t, *trail.IsMultiRegionTrail && *trail.LogFileValidationEnabled && *trail.IncludeGlobalServiceEvents)
	assert.Equal(t, bucket, *trail.S3BucketName)
}

func TestLoggingAndDelivery(t *testing.T) {
	acct, c := setUp(t)
	require.NoError(t, create(t, c, nil))
	status := func() *awscloudtrail.GetTrailStatusOutput {
		out, err := c.GetTrailStatus(t.Context(), &awscloudtrail.GetTrailStatusInput{Name: aws.String("kiso")})
		require.NoError(t, err)
		return out
	}
	_, err := c.StartLogging(t.Context(), &awscloudtrail.StartLoggingInput{Name: aws.String("kiso")})
	require.NoError(t, err)
	assert.True(t, *status().IsLogging)
	assert.Nil(t, status().LatestDeliveryError)
	s3.Edit(acct, func(s *s3.State) { s.Buckets[bucket].Policy = "" })
	assert.Equal(t, "AccessDenied", *status().LatestDeliveryError)
	s3.Edit(acct, func(s *s3.State) { delete(s.Buckets, bucket) })
	assert.Equal(t, "NoSuchBucket", *status().LatestDeliveryError)
	_, err = c.StopLogging(t.Context(), &awscloudtrail.StopLoggingInput{Name: aws.String("kiso")})
	require.NoError(t, err)
	assert.False(t, *status().IsLogging)
	assert.NotNil(t, status().StopLoggingTime)
}

func TestSelectors(t *testing.T) {
	_, c := setUp(t)
	require.NoError(t, create(t, c, nil))
	get := func() *awscloudtrail.GetEventSelectorsOutput {
		out, err := c.GetEventSelectors(t.Context(), &awscloudtrail.GetEventSelectorsInput{TrailName: aws.String("kiso")})
		require.NoError(t, err)
		return out
	}
	put := func(basic []types.EventSelector, advanced []types.AdvancedEventSelector) error {
		_, err := c.PutEventSelectors(t.Context(), &awscloudtrail.PutEventSelectorsInput{TrailName: aws.String("kiso"), EventSelectors: basic, AdvancedEventSelectors: advanced})
		return err
	}
	assert.Equal(t, types.ReadWriteTypeAll, get().EventSelectors[0].ReadWriteType)
	assert.False(t, *describe(t, c)[0].HasCustomEventSelectors)

	field := func(name string, values ...string) types.AdvancedFieldSelector {
		return types.AdvancedFieldSelector{Field: &name, Equals: values}
	}
	advanced := func(fields ...types.AdvancedFieldSelector) []types.AdvancedEventSelector {
		return []types.AdvancedEventSelector{{FieldSelectors: fields}}
	}
	require.NoError(t, put([]types.EventSelector{{ReadWriteType: types.ReadWriteTypeWriteOnly}}, nil))
	require.NoError(t, put(nil, advanced(field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object"))))
	assert.Empty(t, get().EventSelectors, "one kind overwrites the other")
	assert.True(t, *describe(t, c)[0].HasCustomEventSelectors)

	for name, err := range map[string]error{
		"none":        put(nil, nil),
		"six":         put(make([]types.EventSelector, 6), nil),
		"source":      put([]types.EventSelector{{ExcludeManagementEventSources: []string{"s3.amazonaws.com"}}}, nil),
		"nothing":     put([]types.EventSelector{{IncludeManagementEvents: aws.Bool(false)}}, nil),
		"no category": put(nil, advanced(field("readOnly", "true"))),
		"no type":     put(nil, advanced(field("eventCategory", "Data"))),
		"no such":     put(nil, advanced(field("eventCategory", "Management"), field("resources.type", "x"))),
		"many values": put(nil, advanced(field("eventCategory", "Management"), field("eventName", strings.Split(strings.Repeat("x ", 501), " ")[:501]...))),
	} {
		assert.Equal(t, "InvalidEventSelectorsException", code(err), name)
	}
}

func TestOrganizationTrail(t *testing.T) {
	acct, c := setUp(t)
	cloudtrail.Edit(acct, "us-east-1", func(s *cloudtrail.State) {
		s.Trails["org"] = &cloudtrail.Trail{Account: "999999999999", Organization: true, MultiRegion: true, Global: true, Validation: true, Logging: true, Bucket: "central"}
	})
	trail := describe(t, c)[0]
	assert.Equal(t, "arn:aws:cloudtrail:us-east-1:999999999999:trail/org", *trail.TrailARN)
	assert.True(t, *trail.IsOrganizationTrail)
	status, err := c.GetTrailStatus(t.Context(), &awscloudtrail.GetTrailStatusInput{Name: trail.TrailARN})
	require.NoError(t, err)
	assert.True(t, *status.IsLogging)
	_, err = client(acct, "us-east-1").UpdateTrail(t.Context(), &awscloudtrail.UpdateTrailInput{Name: trail.TrailARN, EnableLogFileValidation: aws.Bool(false)})
	assert.Equal(t, "NotOrganizationMasterAccountException", code(err))
}

func TestTags(t *testing.T) {
	_, c := setUp(t)
	require.NoError(t, create(t, c, func(in *awscloudtrail.CreateTrailInput) {
		in.TagsList = []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
	}))
	arn := describe(t, c)[0].TrailARN
	_, err := c.AddTags(t.Context(), &awscloudtrail.AddTagsInput{ResourceId: arn, TagsList: []types.Tag{{Key: aws.String("c"), Value: aws.String("d")}}})
	require.NoError(t, err)
	_, err = c.RemoveTags(t.Context(), &awscloudtrail.RemoveTagsInput{ResourceId: arn, TagsList: []types.Tag{{Key: aws.String("a")}}})
	require.NoError(t, err)
	out, err := c.ListTags(t.Context(), &awscloudtrail.ListTagsInput{ResourceIdList: []string{*arn}})
	require.NoError(t, err)
	require.Len(t, out.ResourceTagList[0].TagsList, 1)
	assert.Equal(t, "c", *out.ResourceTagList[0].TagsList[0].Key)
	_, err = c.ListTags(t.Context(), &awscloudtrail.ListTagsInput{ResourceIdList: []string{*arn + "x"}})
	assert.Equal(t, "ResourceNotFoundException", code(err))
}

func TestPolicyPropagates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct, c := setUp(t)
		acct.Adjust(func(o *sandbox.Options) { o.Propagation = time.Minute })
		s3.Edit(acct, func(s *s3.State) { s.Buckets[bucket].Policy = "" })
		_, err := awss3.NewFromConfig(acct.Config("us-west-2")).PutBucketPolicy(t.Context(), &awss3.PutBucketPolicyInput{
			Bucket: aws.String(bucket), Policy: aws.String(policyFor("*")),
		})
		require.NoError(t, err)
		assert.Equal(t, "InsufficientS3BucketPolicyException", code(create(t, c, nil)))
		time.Sleep(time.Minute)
		assert.NoError(t, create(t, c, nil))
	})
}

func TestLookupEvents(t *testing.T) {
	acct, c := setUp(t)
	now := time.Now()
	cloudtrail.Edit(acct, home, func(s *cloudtrail.State) {
		for i := range 60 {
			s.Events = append(s.Events, cloudtrail.Event{
				ID: fmt.Sprint(i), Name: "StopLogging", Time: now.Add(time.Duration(i-100) * time.Minute), Record: `{"eventName":"StopLogging"}`,
				Resources: []cloudtrail.EventResource{{Type: "AWS::CloudTrail::Trail", Name: "kiso"}},
			})
		}
		s.Events = append(s.Events, cloudtrail.Event{ID: "x", Name: "DeleteTrail", Time: now, Record: `{}`})
	})
	pages := awscloudtrail.NewLookupEventsPaginator(c, &awscloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String("StopLogging")}},
	})
	var ids []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, e := range page.Events {
			ids = append(ids, *e.EventId)
		}
	}
	require.Len(t, ids, 60)
	assert.Equal(t, "59", ids[0], "the newest first")
}
