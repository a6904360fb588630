package awsx

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ec2Regions asks EC2 for the regions. The call is made without the SDK's EC2
// client, which would be a third of the whole binary for this one question.
func (s *Session) ec2Regions(ctx context.Context) ([]Region, error) {
	var answer struct {
		Regions []struct {
			Name   string `xml:"regionName"`
			Status string `xml:"optInStatus"`
		} `xml:"regionInfo>item"`
	}
	if err := s.ec2Query(ctx, "DescribeRegions", "&AllRegions=true", &answer); err != nil {
		return nil, &smithy.OperationError{ServiceID: "EC2", OperationName: "DescribeRegions", Err: err}
	}
	var regions []Region
	for _, r := range answer.Regions {
		regions = append(regions, Region{Name: r.Name, Enabled: r.Status != "not-opted-in", Status: r.Status})
	}
	return sorted(regions), nil
}

// ec2Version is the API version of EC2's query protocol.
const ec2Version = "2016-11-15"

// ec2Query makes one call, repeated as the SDK's retryer says.
func (s *Session) ec2Query(ctx context.Context, action, parameters string, answer any) error {
	body := []byte("Action=" + action + "&Version=" + ec2Version + parameters)
	retryer := newRetryer()
	attempts := cmp.Or(s.cfg.RetryMaxAttempts, retryer.MaxAttempts())
	var quota quota
	for attempt := 1; ; attempt++ {
		began := time.Now()
		err := s.ec2Attempt(ctx, body, answer)
		quota.ended(began, err)
		if err == nil || attempt == attempts || quota.givenUp() || !retryer.IsErrorRetryable(err) {
			return err
		}
		delay, delayErr := retryer.RetryDelay(attempt, err)
		if delayErr != nil {
			return err
		}
		if err := pause(ctx, delay); err != nil {
			return err
		}
	}
}

func (s *Session) ec2Attempt(ctx context.Context, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.ec2Endpoint(ctx), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	credentials, err := s.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(digest[:]), "ec2", s.cfg.Region, time.Now()); err != nil {
		return err
	}
	response, err := s.cfg.HTTPClient.Do(request)
	if err != nil {
		return &smithyhttp.RequestSendError{Err: err}
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return ec2Error(response, data)
	}
	return xml.Unmarshal(data, answer)
}

// ec2Error reads EC2's form of an error.
func ec2Error(response *http.Response, data []byte) error {
	var body struct {
		Code    string `xml:"Errors>Error>Code"`
		Message string `xml:"Errors>Error>Message"`
	}
	if err := xml.Unmarshal(data, &body); err != nil || body.Code == "" {
		body.Code, body.Message = fmt.Sprintf("HTTP%d", response.StatusCode), http.StatusText(response.StatusCode)
	}
	return &smithyhttp.ResponseError{ // the retryer looks at its status
		Response: &smithyhttp.Response{Response: response},
		Err:      &smithy.GenericAPIError{Code: body.Code, Message: body.Message},
	}
}

// ec2Endpoint is where EC2 answers, as the SDK's rules for EC2 have it; see
// PartitionOf for the source of the domains.
func (s *Session) ec2Endpoint(ctx context.Context) string {
	if url := os.Getenv("AWS_ENDPOINT_URL_EC2"); url != "" && !strings.EqualFold(os.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") {
		return url
	}
	if s.cfg.BaseEndpoint != nil {
		return aws.ToString(s.cfg.BaseEndpoint)
	}
	host, partition := "ec2", s.Partition()
	fips, dualStack := s.endpointVariants(ctx)
	domain := partition.Domain
	if dualStack {
		domain = partition.DualStackDomain
	}
	if fips && (dualStack || s.Identity.Partition != "aws-us-gov") { // whose plain endpoint is one
		host += "-fips"
	}
	return "https://" + host + "." + s.cfg.Region + "." + domain + "/"
}

// endpointVariants says whether the configuration asks for endpoints that are FIPS
// 140 validated, and for such as answer by IPv6 too.
func (s *Session) endpointVariants(ctx context.Context) (fips, dualStack bool) {
	type asksForFIPS interface {
		GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
	}
	type asksForDualStack interface {
		GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
	}
	var fipsFound, dualStackFound bool
	for _, source := range s.cfg.ConfigSources { // the first that says anything counts
		if of, ok := source.(asksForFIPS); ok && !fipsFound {
			state, found, _ := of.GetUseFIPSEndpoint(ctx) // what is no boolean was refused on loading
			fips, fipsFound = state == aws.FIPSEndpointStateEnabled, found
		}
		if of, ok := source.(asksForDualStack); ok && !dualStackFound {
			state, found, _ := of.GetUseDualStackEndpoint(ctx)
			dualStack, dualStackFound = state == aws.DualStackEndpointStateEnabled, found
		}
	}
	return fips, dualStack
}
