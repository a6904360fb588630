package awsx_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// punctual serves an account whose clock is ahead of this machine's, and that
// refuses what is signed for another time, as AWS STS does.
func punctual(next http.Handler, ahead time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Add(ahead)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err == nil && now.Sub(signed).Abs() < 5*time.Minute {
			next.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>Signature expired: too old</Message></Error></ErrorResponse>")
	})
}

// The SDK corrects the time of most requests by itself, and of some it cannot:
// what they are refused with would be taken for something else.
func TestAClockThatIsOff(t *testing.T) {
	for attempts, want := range map[string]string{
		"3": "this machine's clock is 120 min behind AWS's, by the Date of its answer, and AWS refuses what is signed so: set the clock (NTP) and run again",
		"1": "sts:GetCallerIdentity refused the request for its time (SignatureDoesNotMatch): this machine's clock is 120 min behind AWS's, by the Date of its answer; set it (NTP) and run again",
	} {
		server := httptest.NewServer(punctual(newAccount(sandbox.Options{}), 2*time.Hour))
		defer server.Close()
		machine(t, "", "[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = test\n")
		t.Setenv("AWS_ENDPOINT_URL", server.URL)
		t.Setenv("AWS_MAX_ATTEMPTS", attempts)
		_, err := awsx.Open(t.Context(), awsx.Options{Region: region})
		assert.EqualError(t, err, want)
	}
}
