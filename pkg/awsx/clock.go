package awsx

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// tolerance is how far a clock may be off before services refuse what it signs;
// Amazon S3 allows more (AWS General Reference, "Signing AWS API requests").
const tolerance = 5 * time.Minute

// offBy words a difference of clocks.
func offBy(ahead time.Duration) string {
	direction := "ahead of"
	if ahead < 0 {
		ahead, direction = -ahead, "behind"
	}
	return fmt.Sprintf("this machine's clock is %d min %s AWS's, by the Date of its answer", int(ahead.Round(time.Minute).Minutes()), direction)
}

// corrected returns an error if a call succeeded only because the SDK corrected the
// time. It learns by how much from a refusal with a code, for one client: a
// HeadBucket's has none, and would look like another account's bucket.
func corrected(metadata smithy.Metadata) error {
	attempts, _ := retry.GetAttemptResults(metadata)
	for _, attempt := range attempts.Results {
		if err := attempt.Err; err != nil && (skewed(err) || IsCode(err, "RequestExpired")) {
			return errors.New(cmp.Or(clockOff(err), "this machine's clock is off") + ", and AWS refuses what is signed so: set the clock (NTP) and run again")
		}
	}
	return nil
}

// clockOff says by how much this machine's clock is off, as far as the answer that
// an error came with tells; "" if it is right, or nothing tells.
func clockOff(err error) string {
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil {
		return ""
	}
	at, err := http.ParseTime(answer.Response.Header.Get("Date"))
	if ahead := time.Since(at); err == nil && ahead.Abs() > tolerance {
		return offBy(ahead)
	}
	return ""
}
