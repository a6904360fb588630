package config

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

const (
	servicePrincipal = "config.amazonaws.com"
	roleName         = "AWSServiceRoleForConfig"
	rolePath         = "/aws-service-role/" + servicePrincipal + "/"
	roleResource     = "role" + rolePath + roleName
	roleARN          = "arn:{partition}:iam::{account_id}:" + roleResource
)

// Role is the model of the service-linked role.
type Role struct {
	Service string `json:"aws_service_name" diff:"create"`
	ARN     string `json:"arn,omitzero" diff:"-"`
}

var roles = &resource.Type[Role]{
	Kind: "config.service_linked_role",
	Doc: resource.Doc{
		Summary:  "The role that AWS Config reads the account with, in the form that Security Hub's control Config.1 wants.",
		Controls: []string{"Config.1"},
		Reads:    []resource.Permission{{Action: "iam:ListRoles"}},
		Writes: []resource.Permission{{
			Action: "iam:CreateServiceLinkedRole", Resource: roleARN,
			Condition: map[string]string{"iam:AWSServiceName": servicePrincipal},
		}},
		Changers: []resource.Changer{{Event: "DeleteServiceLinkedRole"}},
	},
	Observe: observeRole,
	Trace: func(resource.ID, *Role) resource.Trace {
		return resource.Trace{Region: string(resource.Global), Names: []string{roleName}}
	},
	Apply: applyRole,
	Settle: resource.Settle{RetryOn: []resource.Transient{
		// Somebody has just made it, and ListRoles does not show it yet.
		{Code: "InvalidInput", Message: "has been taken in this account"},
	}},
}

// iamClient is of the partition's one IAM.
func iamClient(env resource.Env) *iam.Client {
	return awsx.Client(env.Session, env.Partition().GlobalRegion, iam.NewFromConfig)
}

// observeRole looks for the role by its path, which no other role can have: its
// name is IAM's to choose.
func observeRole(ctx context.Context, env resource.Env, _ resource.ID) (*Role, error) {
	pages := iam.NewListRolesPaginator(iamClient(env), &iam.ListRolesInput{PathPrefix: aws.String(rolePath)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		if len(page.Roles) > 0 {
			return &Role{Service: servicePrincipal, ARN: aws.ToString(page.Roles[0].Arn)}, nil
		}
	}
	return nil, nil
}

func applyRole(ctx context.Context, env resource.Env, d resource.Delta[Role]) error {
	_, err := iamClient(env).CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: &d.After.Service})
	return err
}
