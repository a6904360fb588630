package sandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// The simulators in this file are as small as the real clients allow: they are
// here for what the wire looks like, not for what a service means.

type bucketState struct {
	Policy     string      `json:"policy,omitempty"`
	Versioning *versioning `json:"versioning,omitempty"`
	Tags       []tag       `json:"tags,omitempty"`
}

type versioning struct {
	Status string `json:"Status,omitempty" enum:"Enabled,Suspended"`
}

type tag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

type tagSet struct {
	Tag []tag `json:"Tag"`
}

type tagging struct {
	TagSet tagSet `json:"TagSet"`
}

type bucketInput struct {
	Bucket string `uri:"Bucket"`
	Owner  string `header:"x-amz-expected-bucket-owner"`
}

func bucketSimulator() sandbox.Simulator {
	bucket := func(req *sandbox.Request) *bucketState { return sandbox.In[bucketState](req, "s3", sandbox.Global) }
	type putPolicy struct {
		bucketInput
		Policy string `payload:"Policy"`
	}
	type putVersioning struct {
		bucketInput
		Versioning *versioning `json:"VersioningConfiguration,required"`
	}
	type putTags struct {
		bucketInput
		Tagging tagging `json:"Tagging,required"`
	}
	return sandbox.Simulator{
		Name: "s3", Protocol: sandbox.RESTXML{Namespace: "http://s3.amazonaws.com/doc/2006-03-01/"}, Invalid: "MalformedXML",
		Rewrite: func(host, path string) string {
			if name, _, ok := strings.Cut(host, ".s3."); ok {
				return "/" + name + path
			}
			return path
		},
		Operations: map[string]sandbox.Operation{
			"HeadBucket": sandbox.Read(func(req *sandbox.Request, in bucketInput) (any, error) {
				if in.Bucket != "mine" {
					return nil, sandbox.Error("NoSuchBucket", 404, "no such bucket")
				}
				return struct {
					Region string `header:"x-amz-bucket-region"`
				}{req.Region}, nil
			}).At("HEAD /{Bucket}").Action("s3:ListBucket"),
			"PutBucketPolicy": sandbox.Write(func(req *sandbox.Request, in putPolicy) (any, error) {
				bucket(req).Policy = in.Policy
				return nil, nil
			}).At("PUT /{Bucket}?policy").Status(204),
			"GetBucketPolicy": sandbox.Read(func(req *sandbox.Request, in bucketInput) (any, error) {
				return struct {
					Policy string `payload:"Policy"`
				}{bucket(req).Policy}, nil
			}).At("GET /{Bucket}?policy"),
			"PutBucketVersioning": sandbox.Write(func(req *sandbox.Request, in putVersioning) (any, error) {
				bucket(req).Versioning = in.Versioning
				return nil, nil
			}).At("PUT /{Bucket}?versioning"),
			"GetBucketVersioning": sandbox.Read(func(req *sandbox.Request, in bucketInput) (any, error) {
				v := bucket(req).Versioning
				if v == nil {
					v = &versioning{}
				}
				return struct {
					Versioning *versioning `json:"VersioningConfiguration"`
				}{v}, nil
			}).At("GET /{Bucket}?versioning"),
			"PutBucketTagging": sandbox.Write(func(req *sandbox.Request, in putTags) (any, error) {
				bucket(req).Tags = in.Tagging.TagSet.Tag
				return nil, nil
			}).At("PUT /{Bucket}?tagging").Status(204),
			"GetBucketTagging": sandbox.Read(func(req *sandbox.Request, in bucketInput) (any, error) {
				return struct {
					Tagging tagging `json:"Tagging"`
				}{tagging{tagSet{bucket(req).Tags}}}, nil
			}).At("GET /{Bucket}?tagging"),
		},
	}
}

func TestRESTXML(t *testing.T) {
	acct := sandbox.New(sandbox.Options{}, bucketSimulator())
	client, ctx, name := s3.NewFromConfig(acct.Config(region)), t.Context(), aws.String("mine")

	head, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: name, ExpectedBucketOwner: aws.String("123456789012")})
	require.NoError(t, err)
	assert.Equal(t, region, aws.ToString(head.BucketRegion))
	_, err = client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("other")})
	var absent *s3types.NotFound
	assert.ErrorAs(t, err, &absent)

	policy := `{"Version":"2012-10-17","Statement":[]}`
	_, err = client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: name, Policy: &policy})
	require.NoError(t, err)
	gotPolicy, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: name})
	require.NoError(t, err)
	assert.Equal(t, policy, aws.ToString(gotPolicy.Policy))

	status, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: name})
	require.NoError(t, err)
	assert.Empty(t, status.Status)
	_, err = client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: "Enabled"}})
	require.NoError(t, err)
	status, err = client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: name})
	require.NoError(t, err)
	assert.Equal(t, s3types.BucketVersioningStatusEnabled, status.Status)

	for _, tags := range [][]s3types.Tag{
		{{Key: aws.String("a"), Value: aws.String("<&>")}},
		{{Key: aws.String("a"), Value: aws.String("")}, {Key: aws.String("b"), Value: aws.String("x")}},
	} {
		_, err = client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: name, Tagging: &s3types.Tagging{TagSet: tags}})
		require.NoError(t, err)
		got, err := client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: name})
		require.NoError(t, err)
		assert.Equal(t, tags, got.TagSet)
	}
	assert.Equal(t, "s3:ListBucket", acct.Calls()[0].Action)
}

func TestRESTXMLRefusesWhatIsNotModelled(t *testing.T) {
	acct := sandbox.New(sandbox.Options{}, bucketSimulator())
	client, ctx, name := s3.NewFromConfig(acct.Config(region)), t.Context(), aws.String("mine")
	_, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: name, MFA: aws.String("1 2"), VersioningConfiguration: &s3types.VersioningConfiguration{}})
	assert.ErrorContains(t, err, `MalformedXML: unknown header "X-Amz-Mfa"`)
	_, err = client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: name, VersioningConfiguration: &s3types.VersioningConfiguration{MFADelete: "Enabled"}})
	assert.ErrorContains(t, err, `unknown member "VersioningConfiguration.MfaDelete"`)
	_, err = client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: "On"}})
	assert.ErrorContains(t, err, "Value 'On' at 'VersioningConfiguration.Status' failed to satisfy constraint: Member must satisfy enum value set: [Enabled, Suspended]")
	_, err = client.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: name})
	assert.ErrorContains(t, err, "UnknownOperationException")
}

// trailSimulator checks buckets as another service sees them.
func trailSimulator() sandbox.Simulator {
	type lookup struct {
		Start *time.Time `json:"StartTime"`
		Max   int        `json:"MaxResults" range:"1,50"`
	}
	type lookedUp struct {
		Events []struct {
			Time time.Time `json:"EventTime"`
		} `json:"Events"`
	}
	return sandbox.Simulator{
		Name: "cloudtrail", Protocol: sandbox.AWSJSON{Target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"},
		Operations: map[string]sandbox.Operation{
			"StartLogging": sandbox.Write(func(req *sandbox.Request, in struct {
				Name string `json:"Name,required"`
			}) (any, error) {
				if sandbox.Peek[bucketState](req, "s3", sandbox.Global).Policy == "" {
					return nil, sandbox.Error("InsufficientS3BucketPolicyException", 400, "Incorrect S3 bucket policy")
				}
				return nil, nil
			}),
			"LookupEvents": sandbox.Read(func(req *sandbox.Request, in lookup) (any, error) {
				var out lookedUp
				if in.Start != nil {
					out.Events = append(out.Events, struct {
						Time time.Time `json:"EventTime"`
					}{*in.Start})
				}
				return out, nil
			}),
		},
	}
}

func TestAWSJSON(t *testing.T) {
	acct := sandbox.New(sandbox.Options{}, trailSimulator())
	client, ctx := cloudtrail.NewFromConfig(acct.Config(region)), t.Context()
	start := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	out, err := client.LookupEvents(ctx, &cloudtrail.LookupEventsInput{StartTime: &start, MaxResults: aws.Int32(2)})
	require.NoError(t, err)
	assert.Equal(t, start, out.Events[0].EventTime.UTC())
	assert.JSONEq(t, `{"MaxResults": 2, "StartTime": 1795262400}`, string(acct.Calls()[0].Params))

	_, err = client.LookupEvents(ctx, &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(51)})
	assert.ErrorContains(t, err, "ValidationException: 1 validation error detected: Value '51' at 'MaxResults' failed to satisfy constraint: Member must have value less than or equal to 50")
	_, err = client.LookupEvents(ctx, &cloudtrail.LookupEventsInput{NextToken: aws.String("x")})
	assert.ErrorContains(t, err, `ValidationException: unknown member "NextToken"`)
	_, err = client.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
	assert.ErrorContains(t, err, "UnknownOperationException: the sandbox does not simulate CloudTrail_20131101.DescribeTrails")
}

func TestOtherServicesSeeWritesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := sandbox.New(sandbox.Options{Propagation: 10 * time.Second}, bucketSimulator(), trailSimulator())
		cfg, policy := acct.Config(region), "{}"
		_, err := s3.NewFromConfig(cfg).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("mine"), Policy: &policy})
		require.NoError(t, err)
		start := func() error {
			_, err := cloudtrail.NewFromConfig(cfg).StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: aws.String("kiso")})
			return err
		}
		assert.ErrorContains(t, start(), "InsufficientS3BucketPolicyException")
		time.Sleep(10 * time.Second)
		assert.NoError(t, start())
	})
}

func TestQueryListsAndMaps(t *testing.T) {
	type createTopic struct {
		Name       string            `json:"Name,required"`
		Attributes map[string]string `json:"Attributes"`
		Tags       []tag             `json:"Tags"`
	}
	var got createTopic
	acct := sandbox.New(sandbox.Options{}, sandbox.Simulator{
		Name: "sns", Protocol: sandbox.Query{Namespace: "http://sns.amazonaws.com/doc/2010-03-31/", Version: "2010-03-31"}, Invalid: "InvalidParameter",
		Operations: map[string]sandbox.Operation{
			"CreateTopic": sandbox.Write(func(req *sandbox.Request, in createTopic) (any, error) {
				got = in
				return struct {
					ARN string `json:"TopicArn"`
				}{req.ARN("sns", req.Region, in.Name)}, nil
			}),
			"GetTopicAttributes": sandbox.Read(func(req *sandbox.Request, in struct {
				ARN string `json:"TopicArn"`
			}) (any, error) {
				return struct {
					Attributes map[string]string `json:"Attributes"`
				}{map[string]string{"Policy": `{"a": "<b>"}`, "Owner": req.AccountID}}, nil
			}),
		},
	})
	client, ctx := sns.NewFromConfig(acct.Config(region)), t.Context()
	created, err := client.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("alarm"), Attributes: map[string]string{"A": "1", "B": ""}})
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:sns:eu-west-1:123456789012:alarm", aws.ToString(created.TopicArn))
	assert.Equal(t, createTopic{Name: "alarm", Attributes: map[string]string{"A": "1", "B": ""}}, got)

	attributes, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: created.TopicArn})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"Policy": `{"a": "<b>"}`, "Owner": "123456789012"}, attributes.Attributes)

	_, err = client.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("alarm"), DataProtectionPolicy: aws.String("{}")})
	var refused smithy.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "InvalidParameter", refused.ErrorCode())
}

func signed(service, method, path, body string) *http.Request {
	r, _ := http.NewRequest(method, "https://example.invalid"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIASANDBOX/20261121/eu-west-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	return r
}

func TestRawRequests(t *testing.T) {
	form := func(body string) *http.Request {
		r := signed("sts", "POST", "/", body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	unsigned := form("Action=GetCallerIdentity")
	unsigned.Header.Del("Authorization")
	for name, tc := range map[string]struct {
		request *http.Request
		status  int
		says    string
	}{
		"unsigned":           {unsigned, 403, "<Code>MissingAuthenticationToken</Code>"},
		"unknown service":    {signed("lambda", "GET", "/2015-03-31/functions", ""), 404, `does not simulate GET /2015-03-31/functions of service \"lambda\"`},
		"unknown route":      {signed("guardduty", "PATCH", "/detector/x", ""), 404, "UnknownOperationException"},
		"unknown action":     {form("Action=GetSessionToken&Version=2011-06-15"), 400, "does not simulate GetSessionToken"},
		"old version":        {form("Action=GetCallerIdentity&Version=2010-01-01"), 400, "UnknownOperationException"},
		"unknown parameter":  {form("Action=GetCallerIdentity&Version=2011-06-15&Who=me"), 400, "unknown member &#34;Who&#34;"},
		"given twice":        {form("Action=GetCallerIdentity&Version=2011-06-15&Who=me&Who=you"), 400, "is given twice"},
		"contradiction":      {form("Action=GetCallerIdentity&Version=2011-06-15&Who=me&Who.member.1=you"), 400, "contradicts another one"},
		"wrong case":         {signed("account", "POST", "/listRegions", `{"maxResults": 3}`), 400, `unknown member \"maxResults\"`},
		"wrong type":         {signed("account", "POST", "/listRegions", `{"MaxResults": "3"}`), 400, "MaxResults is not a int"},
		"fraction":           {signed("account", "POST", "/listRegions", `{"MaxResults": 3.5}`), 400, "is not a int"},
		"not a list":         {signed("account", "POST", "/listRegions", `{"RegionOptStatusContains": "ENABLED"}`), 400, "is not a list"},
		"not an object":      {signed("account", "POST", "/listRegions", `[1]`), 400, "SerializationException"},
		"two objects":        {signed("account", "POST", "/listRegions", `{}{}`), 400, "more than one JSON value"},
		"bad token":          {signed("account", "POST", "/listRegions", `{"NextToken": "abc"}`), 400, "pagination token is not valid"},
		"query out of range": {signed("guardduty", "GET", "/detector?maxResults=51", ""), 400, "BadRequestException"},
		"unknown query":      {signed("guardduty", "GET", "/detector?max=1", ""), 400, `unknown query parameter \"max\"`},
		"missing member":     {signed("guardduty", "POST", "/detector", `{}`), 400, "Value null at 'enable'"},
	} {
		t.Run(name, func(t *testing.T) {
			acct := newAccount(sandbox.Options{})
			answer, err := acct.HTTPClient().Do(tc.request)
			require.NoError(t, err)
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			assert.Equal(t, tc.status, answer.StatusCode)
			text := string(body) + answer.Header.Get("X-Amzn-Errortype")
			assert.Contains(t, text, tc.says)
			require.Len(t, acct.Calls(), 1)
			assert.Equal(t, tc.status, acct.Calls()[0].Status)
			assert.NotEmpty(t, acct.Calls()[0].ErrorCode)
			assert.False(t, bytes.Contains(acct.Snapshot(), []byte("detector")))
		})
	}
}
