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
	absentRoleARN    = "arn:{partition}:iam::{account_id}:role/" + roleName
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
		// Of a role that is not there IAM does not know the path, and decides by the
		// name alone.
		Reads: []resource.Permission{
			{Action: "iam:GetRole", Resource: roleARN}, {Action: "iam:GetRole", Resource: absentRoleARN}, {Action: "iam:ListRoles"},
			{Action: "config:DescribeConfigurationRecorders", Anywhere: true},
		},
		Writes: []resource.Permission{{
			Action: "iam:CreateServiceLinkedRole", Resource: roleARN,
			Condition: map[string]string{"iam:AWSServiceName": servicePrincipal},
		}},
		Changers: []resource.Changer{{Event: "DeleteServiceLinkedRole"}},
	},
	Observe:  observeRole,
	LeaveOut: unusedRole,
	Trace: func(resource.ID, *Role) resource.Trace {
		return resource.Trace{Region: string(resource.Global), Names: []string{roleName}}
	},
	Apply: applyRole,
	Settle: resource.Settle{RetryOn: []resource.Transient{
		// Somebody has just made it, and reads do not show it yet.
		{Code: "InvalidInput", Message: "has been taken in this account"},
		{Code: "EntityAlreadyExists"}, // IAM's word for roles otherwise, and emulators'
	}},
}

// iamClient is of the partition's one IAM.
func iamClient(env resource.Env) *iam.Client {
	return awsx.Client(env.Session, env.Partition().GlobalRegion, iam.NewFromConfig)
}

// observeRole looks for the role by its name, and where IAM has none of that
// name by its path, which no other role can have: the name is IAM's to choose.
func observeRole(ctx context.Context, env resource.Env, _ resource.ID) (*Role, error) {
	out, err := iamClient(env).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(roleName)})
	switch {
	case err == nil && aws.ToString(out.Role.Path) != rolePath: // somebody's own role of that name
		return roleByPath(ctx, env)
	case err == nil:
		return &Role{Service: servicePrincipal, ARN: aws.ToString(out.Role.Arn)}, nil
	case awsx.IsCode(err, "NoSuchEntity"):
		return roleByPath(ctx, env)
	default:
		return nil, err
	}
}

func roleByPath(ctx context.Context, env resource.Env) (found *Role, err error) {
	err = awsx.Pages(func(marker *string) (*string, error) {
		page, err := iamClient(env).ListRoles(ctx, &iam.ListRolesInput{PathPrefix: aws.String(rolePath), Marker: marker})
		if err != nil || len(page.Roles) > 0 {
			if err == nil {
				found = &Role{Service: servicePrincipal, ARN: aws.ToString(page.Roles[0].Arn)}
			}
			return nil, err
		}
		return page.Marker, nil
	})
	return found, err
}

// unusedRole leaves a role unmade that no recorder would have: every managed
// region's is Control Tower's, with a role of its own.
func unusedRole(ctx context.Context, env resource.Env, d resource.Delta[Role]) (paths, notes []string, err error) {
	owners := othersOf(env, func(region resource.Scope) error {
		recorder, err := recorderOf(ctx, env, region)
		if err != nil || recorder == nil {
			return err
		}
		return controlTower(recorder.Name)
	})
	if owners == "" {
		return nil, nil, nil
	}
	return d.Paths(), []string{"the recorder of every managed region is somebody else's (" + owners + "): nothing would use the role, and it is not made"}, nil
}

func applyRole(ctx context.Context, env resource.Env, d resource.Delta[Role]) error {
	_, err := iamClient(env).CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: &d.After.Service})
	return err
}
