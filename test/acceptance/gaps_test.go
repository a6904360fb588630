package acceptance

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/require"
)

// gap is something that an emulator does not do as AWS does. The acceptance
// goes without it there, and with all the rest. The sandbox has no gaps.
type gap struct {
	what, why string

	// asked and instead change the spec, so that the emulator is not asked for it.
	asked, instead string
	// operation is a call that the emulator fails at, and bridge comes between.
	operation string
	bridge    func(next http.Handler) http.Handler
	// prepare puts into the account what the emulator cannot be brought to make.
	prepare func(*world)
}

// What checks ask skips about.
const (
	standards     = "Security Hub standards"
	aggregator    = "Security Hub finding aggregator"
	bucketTags    = "tags in s3:CreateBucket"
	recordingMode = "recordingMode in config:PutConfigurationRecorder"
)

// motoGaps is what moto 5.2.1 cannot show, all of it.
func motoGaps(regions []string) []gap {
	return []gap{
		{
			what: "account:ListRegions", why: "it is missing, so kiso asks ec2:DescribeRegions, and there moto lists the regions of all partitions",
			asked: "tags:", instead: fmt.Sprintf("regions: {include: [%s]}\ntags:", strings.Join(regions, ", ")),
		},
		{
			what: standards, why: "GetEnabledStandards and BatchEnableStandards are missing",
			asked: "standards: [aws-foundational-security-best-practices/v/1.0.0]", instead: "standards: []",
		},
		{
			what: aggregator, why: "finding aggregators are missing",
			asked: "aggregation: all_regions", instead: "aggregation: none",
		},
		{
			what: "config:DescribeDeliveryChannelStatus", why: "it is missing; kiso reads it for notes about failed deliveries",
			operation: "DescribeDeliveryChannelStatus", bridge: answering(`{"DeliveryChannelsStatus":[]}`),
		},
		{
			what: "a trail's ARN in cloudtrail:StartLogging", why: "it ends in an internal error: moto knows the name alone there",
			operation: "StartLogging", bridge: forgetting(trailARN),
		},
		{
			what: "a trail's ARN in cloudtrail:UpdateTrail", why: "the same",
			operation: "UpdateTrail", bridge: forgetting(trailARN),
		},
		{
			what: "the event selector of a new trail", why: "there is none, where AWS has one of all management events",
			operation: "GetEventSelectors",
			bridge: correcting(`"EventSelectors": []`,
				`"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [], "ExcludeManagementEventSources": []}]`),
		},
		{what: bucketTags, why: "they are accepted and dropped"},
		{what: recordingMode, why: "it is accepted and dropped; kiso takes a recorder without one for continuous, as it is on AWS"},
		{
			what: "iam:CreateServiceLinkedRole for AWS Config", why: "the role gets the name AWSServiceRoleForconfig",
			prepare: createConfigRole,
		},
	}
}

// trailARN is what stands before the name in a trail's ARN.
var trailARN = regexp.MustCompile(`arn:aws:cloudtrail:[a-z0-9-]+:\d{12}:trail/`)

func createConfigRole(w *world) {
	_, err := iam.NewFromConfig(w.aws("us-east-1")).CreateRole(w.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("AWSServiceRoleForConfig"), Path: aws.String("/aws-service-role/config.amazonaws.com/"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[]}`),
	})
	require.NoError(w, err)
}

// skips says whether something is a gap here, and logs why.
func (w *world) skips(what string) bool {
	for _, g := range w.gaps {
		if g.what == what {
			w.Logf("skipped: %s: %s", g.what, g.why)
			return true
		}
	}
	return false
}

// without takes out of a spec what is a gap here.
func (w *world) without(spec string) string {
	for _, g := range w.gaps {
		if g.asked != "" {
			if !strings.Contains(spec, g.asked) {
				w.Fatalf("the spec has no %q to leave out", g.asked)
			}
			spec = strings.Replace(spec, g.asked, g.instead, 1)
		}
	}
	return spec
}

// bridged comes between kiso and an emulator at the calls that this fails at.
func bridged(emulator http.Handler, gaps []gap) http.Handler {
	bridges := map[string]http.Handler{}
	for _, g := range gaps {
		if g.bridge != nil {
			bridges[g.operation] = g.bridge(emulator)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if bridge, ok := bridges[operation]; ok {
			bridge.ServeHTTP(w, r)
			return
		}
		emulator.ServeHTTP(w, r)
	})
}

// answering answers by itself.
func answering(answer string) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			_, _ = io.WriteString(w, answer)
		})
	}
}

// forgetting leaves out of a request what matches.
func forgetting(what *regexp.Regexp) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			body = what.ReplaceAll(body, nil)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			next.ServeHTTP(w, r)
		})
	}
}

// correcting puts one text into an answer instead of another.
func correcting(wrong, right string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			w.WriteHeader(answer.Code)
			_, _ = io.WriteString(w, strings.Replace(answer.Body.String(), wrong, right, 1))
		})
	}
}
