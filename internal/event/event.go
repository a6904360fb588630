// Package event reads CloudTrail's record of an API call. It knows the record's
// form and nothing of how records are fetched or what a call means.
package event

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Event is who made which call, when and from where.
type Event struct {
	ID        string    `json:"event_id"`
	Name      string    `json:"event_name"`
	Source    string    `json:"event_source"` // such as guardduty.amazonaws.com
	Time      time.Time `json:"event_time"`
	Region    string    `json:"region"`
	Actor     string    `json:"actor"` // an ARN, a service, or "root"
	AccessKey string    `json:"access_key_id,omitzero"`
	SourceIP  string    `json:"source_ip,omitzero"`
	UserAgent string    `json:"user_agent,omitzero"`
	Subject   string    `json:"subject,omitzero"` // the name of what the call is about, if it has one
	ErrorCode string    `json:"-"`                // set if the call was refused

	parameters any
	resources  []string
}

// record is the part of CloudTrail's record that is read (CloudTrail user
// guide, "CloudTrail record contents").
type record struct {
	EventID           string `json:"eventID"`
	EventName         string `json:"eventName"`
	EventSource       string `json:"eventSource"`
	EventTime         string `json:"eventTime"`
	AWSRegion         string `json:"awsRegion"`
	SourceIPAddress   string `json:"sourceIPAddress"`
	UserAgent         string `json:"userAgent"`
	ErrorCode         string `json:"errorCode"`
	RequestParameters any    `json:"requestParameters"`
	UserIdentity      struct {
		Type        string `json:"type"`
		ARN         string `json:"arn"`
		PrincipalID string `json:"principalId"`
		AccountID   string `json:"accountId"`
		InvokedBy   string `json:"invokedBy"`
		AccessKeyID string `json:"accessKeyId"`
	} `json:"userIdentity"`
}

// Parse reads one record.
func Parse(text string) (Event, error) {
	var r record
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return Event{}, fmt.Errorf("not a CloudTrail record: %w", err)
	}
	at, err := time.Parse(time.RFC3339, r.EventTime)
	if err != nil {
		return Event{}, fmt.Errorf("not a CloudTrail record: %w", err)
	}
	return Event{
		ID: r.EventID, Name: r.EventName, Source: r.EventSource, Time: at.UTC(), Region: r.AWSRegion,
		Actor: r.actor(), AccessKey: r.UserIdentity.AccessKeyID, SourceIP: r.SourceIPAddress, UserAgent: r.UserAgent,
		ErrorCode: r.ErrorCode, Subject: r.subject(), parameters: r.RequestParameters,
	}, nil
}

// subject is the name that a call gives what it is about, of an ARN the last part.
func (r *record) subject() string {
	parameters, _ := r.RequestParameters.(map[string]any)
	for key, value := range parameters {
		if name, ok := value.(string); ok && strings.EqualFold(key, "name") {
			return name[strings.LastIndexByte(name, '/')+1:]
		}
	}
	return ""
}

// Call is what was called, and of what, as far as the call says that by name.
func (e Event) Call() string {
	if e.Subject == "" {
		return e.Name
	}
	return e.Name + " of " + e.Subject
}

func (r *record) actor() string {
	u := r.UserIdentity
	switch {
	case u.Type == "Root":
		return "root"
	case u.ARN != "":
		return u.ARN
	case u.InvokedBy != "":
		return u.InvokedBy
	case u.PrincipalID != "":
		return u.PrincipalID
	case u.AccountID != "":
		return u.Type + " of account " + u.AccountID
	default:
		return "unknown (" + u.Type + ")"
	}
}

// String says who made which call, and when.
func (e Event) String() string {
	return fmt.Sprintf("%s with %s at %s (event %s)", e.Actor, e.Call(), e.Time.Format(time.RFC3339), e.ID)
}

// Names says whether the call's parameters name the parameter, at any depth and
// in any case: CloudTrail writes names as the service's own model does.
func (e Event) Names(parameter string) bool {
	return search(e.parameters, func(key string, _ any) bool { return strings.EqualFold(key, parameter) })
}

// About returns the event as one about resources too that CloudTrail lists beside
// the record, by name or ARN.
func (e Event) About(resources ...string) Event {
	e.resources = resources
	return e
}

// Mentions says whether any of the call's parameters, or of what it is about, is the
// name, or an ARN or path that ends in it, or an ARN that has it as a part.
func (e Event) Mentions(name string) bool {
	return mentions(e.parameters, name) || slices.ContainsFunc(e.resources, func(r string) bool { return mentions([]any{r}, name) })
}

// MentionsIn says so of one parameter, named as for Names, and what it holds.
func (e Event) MentionsIn(parameter, name string) bool {
	return search(e.parameters, func(key string, v any) bool {
		return strings.EqualFold(key, parameter) && mentions([]any{v}, name)
	})
}

func mentions(v any, name string) bool {
	return search(v, func(_ string, v any) bool {
		text, ok := v.(string)
		return ok && (text == name || strings.HasSuffix(text, ":"+name) || strings.HasSuffix(text, "/"+name) || strings.Contains(text, ":"+name+":"))
	})
}

// search walks JSON until found is true.
func search(v any, found func(key string, v any) bool) bool {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			if found(key, item) || search(item, found) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if found("", item) || search(item, found) {
				return true
			}
		}
	}
	return false
}
