package awsx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Account is a member of an organization.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name,omitzero"`
}

// AssumeInto returns a session in another account through a role there of the
// given name. The session's own account needs no role. externalID may be "".
// The role session is named kiso, for CloudTrail's readers.
func (s *Session) AssumeInto(ctx context.Context, account, role, externalID string) (*Session, error) {
	cfg := s.cfg.Copy()
	cfg.Retryer = sharedQuotas()
	if account != s.Identity.AccountID {
		arn := Identity{AccountID: account, Partition: s.Identity.Partition}.ARN("iam", "", "role/"+role)
		provider := stscreds.NewAssumeRoleProvider(Client(s, cfg.Region, sts.NewFromConfig), arn, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = "kiso"
			if externalID != "" {
				o.ExternalID = &externalID
			}
		})
		cfg.Credentials = aws.NewCredentialsCache(provider)
	}
	return signIn(ctx, cfg, "", cfg.Region)
}

// Accounts lists the active accounts of the organization, or of the given
// organizational units and those below them, each once. Only the management
// account and delegated administrators may ask (AWS Organizations API reference).
func (s *Session) Accounts(ctx context.Context, units []string) ([]Account, error) {
	client := Client(s, s.Partition().GlobalRegion, organizations.NewFromConfig)
	if len(units) == 0 {
		return allAccounts(ctx, client)
	}
	var accounts []Account
	seen := map[string]bool{}
	for len(units) > 0 {
		unit := units[0]
		units = units[1:]
		if seen[unit] {
			continue
		}
		seen[unit] = true
		here, below, err := unitAccounts(ctx, client, unit)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, here...)
		units = append(units, below...)
	}
	return accounts, nil
}

func allAccounts(ctx context.Context, client *organizations.Client) ([]Account, error) {
	var accounts []Account
	err := Pages(func(token *string) (*string, error) {
		page, err := client.ListAccounts(ctx, &organizations.ListAccountsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, active(page.Accounts)...)
		return page.NextToken, nil
	})
	return accounts, err
}

func unitAccounts(ctx context.Context, client *organizations.Client, unit string) (here []Account, below []string, err error) {
	err = Pages(func(token *string) (*string, error) {
		page, err := client.ListAccountsForParent(ctx, &organizations.ListAccountsForParentInput{ParentId: &unit, NextToken: token})
		if err != nil {
			return nil, err
		}
		here = append(here, active(page.Accounts)...)
		return page.NextToken, nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = Pages(func(token *string) (*string, error) {
		page, err := client.ListOrganizationalUnitsForParent(ctx, &organizations.ListOrganizationalUnitsForParentInput{ParentId: &unit, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, u := range page.OrganizationalUnits {
			below = append(below, aws.ToString(u.Id))
		}
		return page.NextToken, nil
	})
	return here, below, err
}

func active(members []types.Account) []Account {
	var accounts []Account
	for _, m := range members {
		if m.State == types.AccountStateActive || m.State == "" && m.Status == types.AccountStatusActive {
			accounts = append(accounts, Account{ID: aws.ToString(m.Id), Name: aws.ToString(m.Name)})
		}
	}
	return accounts
}
