// Package sts simulates the Security Token Service of a sandbox account: who the
// caller is, and assuming roles. Trust policies are not evaluated: every role of
// the account can be assumed, none of another account.
package sts

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     "sts",
		Protocol: sandbox.Query{Namespace: "https://sts.amazonaws.com/doc/2011-06-15/", Version: "2011-06-15"},
		Invalid:  "ValidationError",
		Operations: map[string]sandbox.Operation{
			"GetCallerIdentity": sandbox.Read(getCallerIdentity),
			"AssumeRole":        sandbox.Write(assumeRole),
		},
	}
}

type getCallerIdentityOutput struct {
	UserID  string `json:"UserId"`
	Account string `json:"Account"`
	Arn     string `json:"Arn"`
}

func getCallerIdentity(req *sandbox.Request, _ struct{}) (any, error) {
	id := "AIDASANDBOXUSER000000"
	switch {
	case strings.HasSuffix(req.Principal, ":root"):
		id = req.AccountID
	case strings.Contains(req.Principal, ":assumed-role/"):
		id = "AROASANDBOXROLE000000:" + req.Principal[strings.LastIndexByte(req.Principal, '/')+1:]
	}
	return getCallerIdentityOutput{UserID: id, Account: req.AccountID, Arn: req.Principal}, nil
}

type assumeRoleInput struct {
	RoleArn         string `json:"RoleArn,required" range:"20,2048"`
	RoleSessionName string `json:"RoleSessionName,required" range:"2,64"`
	DurationSeconds *int   `json:"DurationSeconds" range:"900,43200"`
	ExternalID      string `json:"ExternalId"`
	Policy          string `json:"Policy"`
	SourceIdentity  string `json:"SourceIdentity"`
}

type credentials struct {
	AccessKeyID     string    `json:"AccessKeyId"`
	SecretAccessKey string    `json:"SecretAccessKey"`
	SessionToken    string    `json:"SessionToken"`
	Expiration      time.Time `json:"Expiration"`
}

type assumedRoleUser struct {
	AssumedRoleID string `json:"AssumedRoleId"`
	Arn           string `json:"Arn"`
}

type assumeRoleOutput struct {
	Credentials     credentials     `json:"Credentials"`
	AssumedRoleUser assumedRoleUser `json:"AssumedRoleUser"`
}

var roleARN = regexp.MustCompile(`^arn:([^:]+):iam::(\d{12}):role/(?:.+/)?([^/]+)$`)

// assumeRole issues credentials that act as a session of the role from then on.
func assumeRole(req *sandbox.Request, in assumeRoleInput) (any, error) {
	m := roleARN.FindStringSubmatch(in.RoleArn)
	if m == nil {
		return nil, sandbox.Errorf("ValidationError", http.StatusBadRequest, "%s is invalid", in.RoleArn)
	}
	if m[1] != req.Partition || m[2] != req.AccountID {
		return nil, sandbox.Errorf("AccessDenied", http.StatusForbidden,
			"User: %s is not authorized to perform: sts:AssumeRole on resource: %s", req.Principal, in.RoleArn)
	}
	duration := time.Hour
	if in.DurationSeconds != nil {
		duration = time.Duration(*in.DurationSeconds) * time.Second
	}
	session := m[3] + "/" + in.RoleSessionName
	keyID := "ASIA" + strings.ToUpper(req.NewID("session", 16))
	principal := req.ARN("sts", "", "assumed-role/"+session)
	req.Impersonate(keyID, principal)
	return assumeRoleOutput{
		Credentials: credentials{
			AccessKeyID: keyID, SecretAccessKey: "sandbox", SessionToken: "sandbox-session",
			Expiration: req.Now.Add(duration),
		},
		AssumedRoleUser: assumedRoleUser{AssumedRoleID: "AROASANDBOXROLE000000:" + in.RoleSessionName, Arn: principal},
	}, nil
}
