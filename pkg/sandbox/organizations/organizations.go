// Package organizations simulates AWS Organizations as the management account of
// an organization sees it: which accounts there are, and in which units. Facts are
// from the AWS Organizations API reference.
package organizations

import (
	"net/http"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Service is the name of the service in the sandbox.
const Service = "organizations"

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     Service,
		Protocol: sandbox.AWSJSON{Target: "AWSOrganizationsV20161128"},
		Global:   true,
		Invalid:  "InvalidInputException",
		Operations: map[string]sandbox.Operation{
			"ListAccounts":                     sandbox.Read(listAccounts),
			"ListAccountsForParent":            sandbox.Read(listAccountsForParent),
			"ListOrganizationalUnitsForParent": sandbox.Read(listUnitsForParent),
		},
	}
}

// State is the organization. An account without members is in none.
type State struct {
	Accounts []Account `json:"accounts,omitempty"`
	Units    []Unit    `json:"units,omitempty"`
}

// Account is a member of the organization.
type Account struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"` // such as ACTIVE or SUSPENDED
	Parent string `json:"parent"` // the id of a root or unit
}

// Unit is an organizational unit.
type Unit struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Parent string `json:"parent"`
}

// Edit changes the organization behind the API's back.
func Edit(a *sandbox.Account, change func(*State)) {
	sandbox.Edit(a, Service, sandbox.Global, change)
}

// pageSize is the most that a list gives at once.
const pageSize = 20

type listInput struct {
	MaxResults int    `json:"MaxResults" range:"1,20"`
	NextToken  string `json:"NextToken" range:"0,100000"`
}

type listForParentInput struct {
	ParentID   string `json:"ParentId,required" range:"0,100"`
	MaxResults int    `json:"MaxResults" range:"1,20"`
	NextToken  string `json:"NextToken" range:"0,100000"`
}

type account struct {
	ID     string `json:"Id"`
	ARN    string `json:"Arn"`
	Name   string `json:"Name"`
	Status string `json:"Status"`
	State  string `json:"State"`
}

type accountsOutput struct {
	Accounts  []account `json:"Accounts"`
	NextToken string    `json:"NextToken,omitempty"`
}

func listAccounts(req *sandbox.Request, in listInput) (any, error) {
	return accounts(req, in, func(Account) bool { return true })
}

// listAccountsForParent lists those directly in a root or unit.
func listAccountsForParent(req *sandbox.Request, in listForParentInput) (any, error) {
	if err := checkParent(req, in.ParentID); err != nil {
		return nil, err
	}
	return accounts(req, listInput{in.MaxResults, in.NextToken}, func(a Account) bool { return a.Parent == in.ParentID })
}

func accounts(req *sandbox.Request, in listInput, meant func(Account) bool) (any, error) {
	state, err := organization(req)
	if err != nil {
		return nil, err
	}
	var found []account
	for _, a := range state.Accounts {
		if meant(a) {
			arn := req.ARN(Service, "", "account/o-sandbox/"+a.ID)
			found = append(found, account{ID: a.ID, ARN: arn, Name: a.Name, Status: a.Status, State: a.Status})
		}
	}
	page, next, err := sandbox.Page(req, found, in.NextToken, in.MaxResults, pageSize)
	return accountsOutput{page, next}, err
}

type unit struct {
	ID   string `json:"Id"`
	ARN  string `json:"Arn"`
	Name string `json:"Name"`
}

type unitsOutput struct {
	Units     []unit `json:"OrganizationalUnits"`
	NextToken string `json:"NextToken,omitempty"`
}

func listUnitsForParent(req *sandbox.Request, in listForParentInput) (any, error) {
	if err := checkParent(req, in.ParentID); err != nil {
		return nil, err
	}
	var found []unit
	for _, u := range sandbox.State[State](req).Units {
		if u.Parent == in.ParentID {
			found = append(found, unit{ID: u.ID, ARN: req.ARN(Service, "", "ou/o-sandbox/"+u.ID), Name: u.Name})
		}
	}
	page, next, err := sandbox.Page(req, found, in.NextToken, in.MaxResults, pageSize)
	return unitsOutput{page, next}, err
}

func organization(req *sandbox.Request) (*State, error) {
	state := sandbox.State[State](req)
	if len(state.Accounts) == 0 {
		return nil, sandbox.Error("AWSOrganizationsNotInUseException", http.StatusBadRequest, "Your account is not a member of an organization.")
	}
	return state, nil
}

// checkParent refuses what is neither the root, r-..., nor a unit.
func checkParent(req *sandbox.Request, id string) error {
	state, err := organization(req)
	if err != nil {
		return err
	}
	if strings.HasPrefix(id, "r-") || slices.ContainsFunc(state.Units, func(u Unit) bool { return u.ID == id }) {
		return nil
	}
	return sandbox.Error("ParentNotFoundException", http.StatusBadRequest, "You specified parent that doesn't exist.")
}
