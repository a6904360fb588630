// Package securityhub simulates AWS Security Hub CSPM of a sandbox account: the
// hub of a region, its standards, which take a while to be enabled and disabled,
// and the account's one finding aggregator. It does not know Security Hub V2.
// Facts are from the Security Hub API reference and user guide unless said
// otherwise; error messages are those that users report.
package securityhub

import (
	"net/http"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Service is the name of the service in the sandbox.
const Service = "securityhub"

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:     Service,
		Protocol: sandbox.RESTJSON{Message: "Message"},
		Invalid:  invalidInputCode,
		Operations: map[string]sandbox.Operation{
			"DescribeHub":                    sandbox.Read(describeHub).At("GET /accounts"),
			"EnableSecurityHub":              sandbox.Write(enableSecurityHub).At("POST /accounts"),
			"DisableSecurityHub":             sandbox.Write(disableSecurityHub).At("DELETE /accounts"),
			"UpdateSecurityHubConfiguration": sandbox.Write(updateConfiguration).At("PATCH /accounts"),
			"GetAdministratorAccount":        sandbox.Read(getAdministratorAccount).At("GET /administrator"),
			"TagResource":                    sandbox.Write(tagResource).At("POST /tags/{ResourceArn}"),
			"UntagResource":                  sandbox.Write(untagResource).At("DELETE /tags/{ResourceArn}"),
			"ListTagsForResource":            sandbox.Read(listTags).At("GET /tags/{ResourceArn}"),

			"DescribeStandards":     sandbox.Read(describeStandards).At("GET /standards"),
			"GetEnabledStandards":   sandbox.Read(getEnabledStandards).At("POST /standards/get"),
			"BatchEnableStandards":  sandbox.Write(batchEnableStandards).At("POST /standards/register"),
			"BatchDisableStandards": sandbox.Write(batchDisableStandards).At("POST /standards/deregister"),

			"ListFindingAggregators":  sandbox.Read(listAggregators).At("GET /findingAggregator/list"),
			"GetFindingAggregator":    sandbox.Read(getAggregator).At("GET /findingAggregator/get/{FindingAggregatorArn+}"),
			"CreateFindingAggregator": sandbox.Write(createAggregator).At("POST /findingAggregator/create"),
			"UpdateFindingAggregator": sandbox.Write(updateAggregator).At("PATCH /findingAggregator/update"),
			"DeleteFindingAggregator": sandbox.Write(deleteAggregator).At("DELETE /findingAggregator/delete/{FindingAggregatorArn+}"),
		},
	}
}

// State is what Security Hub keeps in one region.
type State struct {
	Hub *Hub `json:"hub,omitempty"`
	// Administrator is the account that this one is a member of; nil: none.
	Administrator *Administrator `json:"administrator,omitempty"`
	// CentralPolicy: a configuration policy of the organization decides, so that
	// the account can change nothing by itself.
	CentralPolicy bool `json:"centralPolicy,omitempty"`
	// Unavailable names standards that are not offered in this region.
	Unavailable []string `json:"unavailable,omitempty"`
	// PendingFor and DeletingFor are how long enabling and disabling a standard takes.
	PendingFor  time.Duration `json:"pendingFor,omitempty"`
	DeletingFor time.Duration `json:"deletingFor,omitempty"`
}

// Hub is Security Hub switched on in a region.
type Hub struct {
	SubscribedAt       string            `json:"subscribedAt"`
	AutoEnableControls bool              `json:"autoEnableControls"`
	Generator          string            `json:"generator"` // of control findings
	Tags               map[string]string `json:"tags,omitempty"`
	// Standards are the subscriptions by the standard's name, <name>/v/<version>.
	Standards map[string]*Subscription `json:"standards,omitempty"`
	// EnabledAt is when standards were last enabled, which is limited to once a second.
	EnabledAt time.Time `json:"enabledAt,omitzero"`
}

// Subscription is a standard that was enabled. It is PENDING until ReadyAt, and
// if GoneAt is set, DELETING until then and gone afterwards.
type Subscription struct {
	ReadyAt time.Time `json:"readyAt,omitzero"`
	GoneAt  time.Time `json:"goneAt,omitzero"`
	// Reason is why it is INCOMPLETE when it is no longer pending; "": it is READY.
	Reason string `json:"reason,omitempty"`
}

// Administrator is the relationship of a member to its administrator account.
type Administrator struct {
	AccountID    string `json:"AccountId"`
	InvitationID string `json:"InvitationId,omitempty"`
	InvitedAt    string `json:"InvitedAt,omitempty"`
	MemberStatus string `json:"MemberStatus"`
}

// AccountState is what Security Hub keeps once for an account.
type AccountState struct {
	Aggregator *Aggregator `json:"aggregator,omitempty"`
}

// Get returns a copy of a region's state.
func Get(a *sandbox.Account, region string) State { return sandbox.Get[State](a, Service, region) }

// Edit changes a region's state behind the API's back.
func Edit(a *sandbox.Account, region string, change func(*State)) {
	sandbox.Edit(a, Service, region, change)
}

// GetAccount returns a copy of the account's state.
func GetAccount(a *sandbox.Account) AccountState {
	return sandbox.Get[AccountState](a, Service, sandbox.Global)
}

// EditAccount changes the account's state behind the API's back.
func EditAccount(a *sandbox.Account, change func(*AccountState)) {
	sandbox.Edit(a, Service, sandbox.Global, change)
}

const invalidInputCode = "InvalidInputException"

// failure is an error answer, which here holds its code as a member too.
func failure(code string, status int, message string) error {
	e := sandbox.Error(code, status, message)
	e.Members = map[string]string{"Code": code}
	return e
}

func invalidInput(message string) error {
	return failure(invalidInputCode, http.StatusBadRequest, message)
}

func notFound(message string) error {
	return failure("ResourceNotFoundException", http.StatusNotFound, message)
}

// subscribed returns the region's state if its hub is on.
func subscribed(req *sandbox.Request) (*State, error) {
	state := sandbox.State[State](req)
	if state.Hub == nil {
		return nil, failure("InvalidAccessException", http.StatusUnauthorized, "Account "+req.AccountID+" is not subscribed to AWS Security Hub")
	}
	return state, nil
}

// writable returns the region's state if its hub is on and the account decides
// about it itself.
func writable(req *sandbox.Request) (*State, error) {
	state, err := subscribed(req)
	if err != nil {
		return nil, err
	}
	return state, state.selfManaged()
}

func (s *State) selfManaged() error {
	if !s.CentralPolicy {
		return nil
	}
	return failure("AccessDeniedException", http.StatusForbidden,
		"This account is currently associated with a central configuration policy, so only the administrator can access this operation.")
}

// member says whether an administrator account has accepted this one.
func (s *State) member() bool {
	return s.Administrator != nil && (s.Administrator.MemberStatus == "Enabled" || s.Administrator.MemberStatus == "ASSOCIATED")
}
