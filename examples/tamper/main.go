// Command tamper weakens a simulated account behind kiso's back, so that a demo
// can show kiso noticing: it stops the logging of every trail of a region and
// switches its GuardDuty detector off. It works on loopback and nowhere else.
//
//	AWS_ENDPOINT_URL=http://127.0.0.1:4566 go run ./examples/tamper eu-west-1
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Getenv("AWS_ENDPOINT_URL")); err != nil {
		fmt.Fprintln(os.Stderr, "tamper:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, endpoint string) error {
	if len(args) != 1 {
		return errors.New("name one region")
	}
	if !onLoopback(endpoint) {
		return fmt.Errorf("AWS_ENDPOINT_URL is %q: only a sandbox on a loopback address is tampered with", endpoint)
	}
	cfg := aws.Config{ // made by hand: no profile or variable can lead elsewhere
		Region: args[0], BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("tamper", "tamper", ""),
	}
	return errors.Join(stopTrails(ctx, cfg), disableDetector(ctx, cfg))
}

func onLoopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}

func stopTrails(ctx context.Context, cfg aws.Config) error {
	client := cloudtrail.NewFromConfig(cfg)
	out, err := client.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)})
	if err != nil {
		return err
	}
	for _, trail := range out.TrailList {
		if _, err := client.StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: trail.TrailARN}); err != nil {
			return err
		}
		fmt.Printf("stopped the logging of %s\n", aws.ToString(trail.TrailARN))
	}
	return nil
}

func disableDetector(ctx context.Context, cfg aws.Config) error {
	client := guardduty.NewFromConfig(cfg)
	list, err := client.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	if err != nil {
		return err
	}
	for _, id := range list.DetectorIds {
		if _, err := client.UpdateDetector(ctx, &guardduty.UpdateDetectorInput{DetectorId: &id, Enable: aws.Bool(false)}); err != nil {
			return err
		}
		fmt.Printf("switched off the GuardDuty detector %s in %s\n", id, cfg.Region)
	}
	return nil
}
