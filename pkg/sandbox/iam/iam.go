// Package iam simulates the part of IAM that services and their callers need in a
// sandbox account: roles, service-linked roles above all, and account aliases.
// Facts are from the IAM API reference.
package iam

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Service is the name of the service in the sandbox.
const Service = "iam"

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     Service,
		Protocol: sandbox.Query{Namespace: "https://iam.amazonaws.com/doc/2010-05-08/", Version: "2010-05-08"},
		Global:   true,
		Invalid:  "ValidationError",
		Operations: map[string]sandbox.Operation{
			"CreateServiceLinkedRole": sandbox.Write(createServiceLinkedRole),
			"GetRole":                 sandbox.Read(getRole),
			"ListRoles":               sandbox.Read(listRoles),
			"ListAccountAliases":      sandbox.Read(listAccountAliases),
		},
	}
}

// State is what IAM keeps for the account.
type State struct {
	Roles   map[string]*Role `json:"roles,omitempty"` // by name
	Aliases []string         `json:"aliases,omitempty"`
}

// Role is an IAM role.
type Role struct {
	Path        string    `json:"path"`
	ID          string    `json:"id"`
	CreatedAt   time.Time `json:"createdAt"`
	TrustPolicy string    `json:"trustPolicy"` // JSON
	Description string    `json:"description,omitempty"`
}

// Get returns a copy of the state.
func Get(a *sandbox.Account) State { return sandbox.Get[State](a, Service, sandbox.Global) }

// Edit changes the state behind the API's back.
func Edit(a *sandbox.Account, change func(*State)) {
	sandbox.Edit(a, Service, sandbox.Global, change)
}

// RoleOf returns the role with that ARN as another service sees it, nil if there
// is none, or none yet.
func RoleOf(req *sandbox.Request, arn string) *Role {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	role := sandbox.Peek[State](req, Service, sandbox.Global).Roles[name]
	if role == nil || roleARN(req, name, role) != arn {
		return nil
	}
	return role
}

// serviceLinkedRoles are the names of the roles that CreateServiceLinkedRole is
// asked for, by the service they are linked to (service authorization reference of
// each service).
var serviceLinkedRoles = map[string]string{
	"cloudtrail.amazonaws.com":  "AWSServiceRoleForCloudTrail",
	"config.amazonaws.com":      "AWSServiceRoleForConfig",
	"guardduty.amazonaws.com":   "AWSServiceRoleForAmazonGuardDuty",
	"securityhub.amazonaws.com": "AWSServiceRoleForSecurityHub",
}

// EnsureServiceLinkedRole creates the role of that name that a service is linked
// to if it is not there yet, as services do by themselves when they are first
// switched on.
func EnsureServiceLinkedRole(req *sandbox.Request, service, name string) {
	if state := sandbox.In[State](req, Service, sandbox.Global); state.Roles[name] == nil {
		state.link(req, service, name)
	}
}

// link adds the role of that name that the service is linked to.
func (s *State) link(req *sandbox.Request, service, name string) *Role {
	if s.Roles == nil {
		s.Roles = map[string]*Role{}
	}
	role := &Role{
		Path:      "/aws-service-role/" + service + "/",
		ID:        roleID(req.AccountID, name),
		CreatedAt: req.Now.UTC().Truncate(time.Second),
		TrustPolicy: fmt.Sprintf(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"%s"},"Action":"sts:AssumeRole"}]}`, service),
	}
	s.Roles[name] = role
	return role
}

// roleID depends on the name alone: services that are switched on in many regions
// at once race for who links their role, and must all come to the same account.
func roleID(accountID, name string) string {
	return fmt.Sprintf("AROA%X", sha256.Sum256([]byte(accountID+name)))[:21]
}

type createServiceLinkedRoleInput struct {
	Service      string `json:"AWSServiceName,required" range:"1,128"`
	Description  string `json:"Description" range:"0,1000"`
	CustomSuffix string `json:"CustomSuffix" range:"1,64"`
}

func createServiceLinkedRole(req *sandbox.Request, in createServiceLinkedRoleInput) (any, error) {
	name, ok := serviceLinkedRoles[in.Service]
	switch {
	case !ok:
		return nil, invalidInput("Service linked roles for %s are not supported.", in.Service)
	case in.CustomSuffix != "":
		return nil, invalidInput("Custom suffix is not allowed for %s", in.Service)
	}
	state := sandbox.State[State](req)
	if state.Roles[name] != nil {
		return nil, invalidInput("Service role name %s has been taken in this account, please try a different suffix.", name)
	}
	role := state.link(req, in.Service, name)
	role.Description = in.Description
	return roleOutput{describe(req, name, role)}, nil
}

func invalidInput(format string, args ...any) error {
	return sandbox.Errorf("InvalidInput", http.StatusBadRequest, format, args...)
}

type roleDescription struct {
	Path               string    `json:"Path"`
	RoleName           string    `json:"RoleName"`
	RoleID             string    `json:"RoleId"`
	Arn                string    `json:"Arn"`
	CreateDate         time.Time `json:"CreateDate"`
	TrustPolicy        string    `json:"AssumeRolePolicyDocument"`
	Description        string    `json:"Description,omitempty"`
	MaxSessionDuration int       `json:"MaxSessionDuration"`
}

type roleOutput struct {
	Role roleDescription `json:"Role"`
}

// describe returns the role as the API does, its policy encoded as in a URL.
func describe(req *sandbox.Request, name string, r *Role) roleDescription {
	return roleDescription{
		Path: r.Path, RoleName: name, RoleID: r.ID, Arn: roleARN(req, name, r), CreateDate: r.CreatedAt,
		TrustPolicy: url.QueryEscape(r.TrustPolicy), Description: r.Description, MaxSessionDuration: 3600,
	}
}

func roleARN(req *sandbox.Request, name string, r *Role) string {
	return req.ARN("iam", "", "role"+cmp.Or(r.Path, "/")+name)
}

type getRoleInput struct {
	RoleName string `json:"RoleName,required" range:"1,64"`
}

func getRole(req *sandbox.Request, in getRoleInput) (any, error) {
	role := sandbox.State[State](req).Roles[in.RoleName]
	if role == nil {
		return nil, sandbox.Errorf("NoSuchEntity", http.StatusNotFound, "The role with name %s cannot be found.", in.RoleName)
	}
	return roleOutput{describe(req, in.RoleName, role)}, nil
}

type listRolesInput struct {
	PathPrefix string `json:"PathPrefix" range:"1,512"`
	Marker     string `json:"Marker" range:"1,320"`
	MaxItems   int    `json:"MaxItems" range:"1,1000"`
}

type listRolesOutput struct {
	Roles       []roleDescription `json:"Roles"`
	IsTruncated bool              `json:"IsTruncated"`
	Marker      string            `json:"Marker,omitempty"`
}

func listRoles(req *sandbox.Request, in listRolesInput) (any, error) {
	roles := sandbox.State[State](req).Roles
	var found []roleDescription
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		if strings.HasPrefix(cmp.Or(roles[name].Path, "/"), cmp.Or(in.PathPrefix, "/")) {
			found = append(found, describe(req, name, roles[name]))
		}
	}
	page, next, err := sandbox.Page(req, found, in.Marker, in.MaxItems, 100)
	return listRolesOutput{page, next != "", next}, err
}

type listAccountAliasesInput struct {
	Marker   string `json:"Marker" range:"1,320"`
	MaxItems int    `json:"MaxItems" range:"1,1000"`
}

type listAccountAliasesOutput struct {
	Aliases     []string `json:"AccountAliases"`
	IsTruncated bool     `json:"IsTruncated"`
	Marker      string   `json:"Marker,omitempty"`
}

func listAccountAliases(req *sandbox.Request, in listAccountAliasesInput) (any, error) {
	aliases := slices.Sorted(slices.Values(sandbox.State[State](req).Aliases))
	page, next, err := sandbox.Page(req, aliases, in.Marker, in.MaxItems, 100)
	return listAccountAliasesOutput{page, next != "", next}, err
}
