package cloudtrail

import (
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

type statusOutput struct {
	Logging       bool       `json:"IsLogging"`
	DeliveryError string     `json:"LatestDeliveryError,omitempty"`
	DigestError   string     `json:"LatestDigestDeliveryError,omitempty"`
	LogsError     string     `json:"LatestCloudWatchLogsDeliveryError,omitempty"`
	NoticeError   string     `json:"LatestNotificationError,omitempty"`
	Delivered     *time.Time `json:"LatestDeliveryTime"`
	Started       *time.Time `json:"StartLoggingTime"`
	Stopped       *time.Time `json:"StopLoggingTime"`
}

// getTrailStatus tells of a shadow only when asked by its ARN.
func getTrailStatus(req *sandbox.Request, in nameInput) (any, error) {
	t, err := find(req, in.Name)
	if err != nil {
		return nil, err
	}
	out := statusOutput{Logging: t.Logging, DeliveryError: t.DeliveryError, DigestError: t.DigestError, LogsError: t.LogsError, NoticeError: t.NoticeError, Started: orNil(t.Started), Stopped: orNil(t.Stopped)}
	if t.Logging && t.Account == "" && out.DeliveryError == "" {
		out.DeliveryError = t.delivery(req)
	}
	if out.Delivered = orNil(t.Delivered); t.Logging && out.DeliveryError == "" {
		out.Delivered = &req.Now
	}
	return out, nil
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func startLogging(req *sandbox.Request, in nameInput) (any, error) {
	t, err := own(req, in.Name)
	if err != nil {
		return nil, err
	}
	if !t.Logging {
		t.Logging, t.Started = true, req.Now.UTC()
	}
	return nil, nil
}

func stopLogging(req *sandbox.Request, in nameInput) (any, error) {
	t, err := own(req, in.Name)
	if err != nil {
		return nil, err
	}
	if t.Logging {
		t.Logging, t.Stopped = false, req.Now.UTC()
	}
	return nil, nil
}
